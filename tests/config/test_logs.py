from config.supervisor.logs import rotate


def test_a_log_that_is_too_large_moves_on_and_its_writer_goes_on_at_the_start(tmp_path):
    log = tmp_path / "web.log"
    with log.open("ab") as writer:
        writer.write(b"first")
        writer.flush()
        rotate(tmp_path, largest=4)
        writer.write(b"second")
    assert (log.read_bytes(), (tmp_path / "web.log.1").read_bytes()) == (b"second", b"first")


def test_three_older_ones_are_kept(tmp_path):
    log = tmp_path / "web.log"
    for text in ("one", "two", "three", "four"):
        log.write_text(text)
        rotate(tmp_path, largest=1)
    kept = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert kept == {"web.log": "", "web.log.1": "four", "web.log.2": "three", "web.log.3": "two"}


def test_a_small_log_stays(tmp_path):
    (tmp_path / "web.log").write_text("little")
    rotate(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["web.log"]
