import pytest

from batches.watching import quantiles


@pytest.mark.parametrize(
    ("found", "printed"),
    [
        (quantiles.normal(0.975), 1.959964),
        (quantiles.chi_square(0.95, 1), 3.841459),
        (quantiles.chi_square(0.95, 3), 7.814728),
        (quantiles.chi_square(0.99, 10), 23.209251),
        (quantiles.chi_square(0.99, 100), 135.806723),
        (quantiles.fisher(0.95, 3, 7), 4.346831),
        (quantiles.fisher(0.99, 10, 20), 3.368186),
        (quantiles.fisher(0.99, 1, 1), 4052.180695),
        (quantiles.student(0.975, 10), 2.228139),
        (quantiles.student(0.995, 4), 4.604095),
    ],
)
def test_quantiles_are_those_of_the_printed_tables(found, printed):
    assert found == pytest.approx(printed, rel=2e-7)


@pytest.mark.parametrize("share", [0.0, 1.0, -0.5])
def test_a_share_that_is_none_is_refused(share):
    with pytest.raises(ValueError, match="between 0 and 1"):
        quantiles.chi_square(share, 3)
