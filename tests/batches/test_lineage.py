from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from batches.lineage import edges_of, layers

IDS = [UUID(int=each) for each in range(1, 40)]


@st.composite
def families(draw):
    """Lots in the order they were made: the batch of each uses only lots that were there before it."""
    count = draw(st.integers(1, 25))
    makers, uses = {}, []
    for place in range(count):
        batch = UUID(int=1000 + place)
        sources = draw(st.sets(st.integers(0, place - 1), max_size=4)) if place else set()
        makers[IDS[place]] = batch if sources else None
        uses += [(IDS[each], batch) for each in sorted(sources)]
    return uses, makers


@given(families())
def test_every_lot_stands_to_the_right_of_all_it_was_made_of(family):
    uses, makers = family
    edges = edges_of(uses, makers)
    column = {lot: place for place, lots in enumerate(layers(list(makers), edges)) for lot in lots}
    assert set(column) == set(makers)
    assert len(edges) == len(uses)
    assert all(column[each.used] < column[each.made] for each in edges)


def test_a_circle_in_damaged_data_ends_in_the_last_column_instead_of_a_loop():
    first, second, third = IDS[:3]
    edges = edges_of([(first, IDS[10]), (second, IDS[11])], {first: IDS[11], second: IDS[10], third: None})
    assert layers([first, second, third], edges) == [[third], [first, second]]


def test_a_use_whose_lot_is_not_among_those_shown_leads_nowhere():
    assert edges_of([(IDS[5], IDS[10])], {IDS[0]: IDS[10]}) == []
