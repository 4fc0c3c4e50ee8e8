"""The data directory: one house at a time, private keys, and one clear line otherwise."""

import stat
from pathlib import Path

import pytest

from arguslm_launcher.data_dir import CannotStart, DataDir, HouseNote


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_keys_are_made_once_kept_and_private(tmp_path: Path) -> None:
    data = DataDir(tmp_path / "house")
    data.claim()
    data.make_keys()
    key = data.admin_key(None)
    assert key.startswith("argus_")
    assert data.admin_key(None) == key
    assert data.admin_key("given") == "given"
    assert data.admin_key(None) == "given"
    for name in ("fernet.key", "admin.key"):
        assert mode(tmp_path / "house" / "keys" / name) == 0o600
    assert mode(tmp_path / "house" / "keys") == 0o700


def test_a_key_that_is_missing_beside_its_events_is_missed(tmp_path: Path) -> None:
    data = DataDir(tmp_path)
    data.claim()
    assert not data.make_keys()
    (tmp_path / "nats" / "jetstream").mkdir(parents=True)
    assert not data.make_keys()
    (tmp_path / "keys" / "fernet.key").unlink()
    assert data.make_keys()
    assert (tmp_path / "keys" / "fernet.key").exists()


def test_a_second_house_on_the_same_directory_is_refused(tmp_path: Path) -> None:
    first = DataDir(tmp_path)
    first.claim()
    with pytest.raises(CannotStart, match="another ArgusLM is running on"):
        DataDir(tmp_path).claim()
    first.release()
    DataDir(tmp_path).claim()


def test_a_directory_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CannotStart, match=r"cannot write to .*file.*--data-dir"):
        DataDir(tmp_path / "file" / "below").claim()


def test_the_note_of_a_house_survives_and_a_broken_one_is_no_note(tmp_path: Path) -> None:
    data = DataDir(tmp_path)
    assert data.read_note() is None
    note = HouseNote(url="http://127.0.0.1:1", nats_url="nats://127.0.0.1:2", pids={"prober": 3})
    data.write_note(note)
    assert data.read_note() == note
    (tmp_path / "house.json").write_text("{")
    assert data.read_note() is None
