import psycopg

from tests.factories import batches as make

EARLY, LATE = "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"
# A batch and its phases cannot end before they start: of an end, only one that is too late is in question.
MISTYPED = [
    ("update batches_batch set planned_start = %s", EARLY, LATE),
    ("update batches_batch set started_at = %s", EARLY, LATE),
    ("update batches_batch set ended_at = %s", LATE),
    ("update batches_batch set external_as_of = %s", EARLY, LATE),
    ("update batches_phaserun set started_at = %s", EARLY, LATE),
    ("update batches_phaserun set ended_at = %s", LATE),
]


def test_the_database_has_the_last_word_on_times_that_no_page_could_write(own_database, as_owner):
    make.batch()
    broken = []
    for statement, *instants in MISTYPED:
        for at in instants:
            try:
                as_owner.execute(statement, [at])
            except psycopg.errors.CheckViolation as refused:
                broken.append((statement.split()[1], refused.diag.constraint_name))
    assert broken == [
        *7 * [("batches_batch", "batch_times_within_reach")],
        *3 * [("batches_phaserun", "phaserun_times_within_reach")],
    ]
