"""What disks, kills and second writers do to a lake."""

import itertools
import subprocess
import sys
import threading
import time
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.lake.rows import DAY, files_of, runs
from trendlab.errors import CorruptPartition, LakeError, LakeLocked
from trendlab.lake import Lake

REPOSITORY = Path(__file__).parents[2]
SOON_S = 30
# Of a reader beside a writer: what each has done at least when the test ends.
READS, WRITES = 20, 60


def start(script, *arguments):
    """Start Python on a script that prints a line when it is ready."""
    return subprocess.Popen(
        [sys.executable, "-c", script, *map(str, arguments)],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        text=True,
    )


def markers(lake, day):
    rows = lake.read("runs", day)
    return set(rows["run_id"].to_pylist()), rows.num_rows


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.floats(0, 1, exclude_max=True), st.integers(0, 7))
def test_any_flipped_bit_is_found_by_every_way_of_reading(tmp_path, at, bit):
    lake = Lake(tmp_path / "lake")
    lake.write("runs", DAY, runs("r", 300))
    (path,) = files_of(lake.root)
    content = bytearray(path.read_bytes())
    content[int(at * len(content))] ^= 1 << bit
    path.write_bytes(content)

    with pytest.raises(CorruptPartition, match="restore it from a copy"):
        lake.read("runs", DAY)
    with pytest.raises(CorruptPartition):
        lake.query("select count(*) from runs", {"runs": lake.span("runs")})
    with pytest.raises(CorruptPartition):
        lake.paths("runs")
    # writing it again heals it, though the name says that nothing changed
    lake.write("runs", DAY, runs("r", 300))
    assert markers(lake, DAY) == ({"r"}, 300)


def test_a_file_cut_short_or_emptied_is_found(lake):
    lake.write("runs", DAY, runs("r"))
    (path,) = files_of(lake.root)
    whole = path.read_bytes()
    for left in (0, 4, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:left])
        with pytest.raises(CorruptPartition):
            lake.read("runs", DAY)


def test_a_file_that_was_verified_is_verified_again_when_it_changes(lake):
    lake.write("runs", DAY, runs("r"))
    lake.read("runs", DAY)
    (path,) = files_of(lake.root)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)

    with pytest.raises(CorruptPartition):
        lake.read("runs", DAY)


def test_a_file_beside_the_counting_one_is_the_old_version(lake):
    """As after a kill between the rename and the removal of the older file."""
    lake.write("runs", DAY, runs("old"))
    (old,) = files_of(lake.root)
    left_over = old.read_bytes()
    lake.write("runs", DAY, runs("new"))
    old.write_bytes(left_over)

    assert markers(lake, DAY) == ({"new"}, 20)
    lake.write("runs", DAY, runs("newer"))
    assert markers(lake, DAY) == ({"newer"}, 20)
    assert len(files_of(lake.root)) == 1


KILL_AT_EVERY_STEP = """
import os, signal, sys
from datetime import timedelta
from pathlib import Path
from tests.lake.rows import DAY, runs
from trendlab.lake import Lake

root = Path(sys.argv[1])
days = [DAY, DAY + timedelta(days=1)]
WATCHED = {"open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.scandir",
           "os.listdir", "shutil.rmtree"}

def write_killed(step, marker):
    left = [step]
    def hook(event, arguments):
        if event in WATCHED:
            left[0] -= 1
            if left[0] < 0:
                os.kill(os.getpid(), signal.SIGKILL)
    sys.addaudithook(hook)
    Lake(root).write_many("runs", {day: runs(marker, 20, day) for day in days})
    os._exit(0)

def state():
    found = []
    for day in days:
        rows = Lake(root).read("runs", day)
        assert rows.num_rows in (0, 20), rows.num_rows
        markers = set(rows["run_id"].to_pylist())
        assert len(markers) <= 1, markers
        found.append(markers.pop() if markers else None)
    return found

Lake(root).write("runs", days[0], runs("first", 20, days[0]))
step, seen = 0, set()
while True:
    before = state()
    child = os.fork()
    if child == 0:
        write_killed(step, f"write {step}")
    _, status = os.waitpid(child, 0)
    after = state()
    for old, new in zip(before, after):
        assert new in (old, f"write {step}"), (step, old, new)
    seen.add((after[0] != before[0], after[1] != before[1]))
    if os.WIFEXITED(status):
        break
    step += 1
assert os.WEXITSTATUS(status) == 0
assert after == [f"write {step}"] * 2
assert {(False, False), (True, False), (True, True)} <= seen, seen
Lake(root).write("runs", days[0], runs("last", 20, days[0]))
left = [p for p in (root / ".tmp").iterdir()]
assert not left, left
assert len(list((root / "runs").rglob("*.parquet"))) == 2
print("steps", step)
"""


def test_a_kill_before_any_step_of_a_write_leaves_old_or_new(tmp_path):
    """Every opening, rename, removal and listing of a write is a moment to die at."""
    with start(KILL_AT_EVERY_STEP, tmp_path / "lake") as process:
        said, _ = process.communicate(timeout=120)

    assert process.returncode == 0
    assert int(said.split()[-1]) >= 10


WRITE_FOR_EVER = """
import itertools, sys
from datetime import timedelta
from pathlib import Path
from tests.lake.rows import DAY, runs
from trendlab.lake import Lake

lake = Lake(Path(sys.argv[1]))
days = [DAY + timedelta(days=number) for number in range(6)]
versions = [{day: runs(m, 400, day) for day in days} for m in ("odd", "even")]
for number in itertools.count():
    lake.write_many("runs", versions[number % 2])
    if number == 0:
        print("ready", flush=True)
"""


def test_a_kill_at_a_random_moment_leaves_whole_partitions(tmp_path):
    lake = Lake(tmp_path / "lake")
    random = Random(1)
    for _ in range(3):
        with start(WRITE_FOR_EVER, lake.root) as process:
            assert process.stdout.readline() == "ready\n"
            time.sleep(random.uniform(0, 0.2))
            process.kill()
        for number in range(6):
            found, count = markers(lake, DAY + timedelta(days=number))
            assert len(found) == 1
            assert found <= {"odd", "even"}
            assert count == 400
    # the lock went with the process, and what it left is swept
    lake.write("runs", DAY, runs("after"))
    assert list((lake.root / ".tmp").iterdir()) == []


def test_a_reader_beside_a_writer_sees_old_or_new_and_never_fails(tmp_path):
    writer, reader = Lake(tmp_path / "lake"), Lake(tmp_path / "lake", threads=2)
    versions = [runs("odd", 3000), runs("even", 2000)]
    whole = {("odd", 3000), ("even", 2000)}
    writer.write("runs", DAY, versions[0])
    is_enough = threading.Event()
    written = []

    def write():
        for number in itertools.count():
            if is_enough.is_set():
                return
            writer.write("runs", DAY, versions[number % 2])
            written.append(number)

    thread = threading.Thread(target=write)
    thread.start()
    reads = 0
    try:
        # however the two are scheduled, both have done much when it ends
        while thread.is_alive() and (reads < READS or len(written) < WRITES):
            found, count = markers(reader, DAY)
            assert (found.pop(), count) in whole
            rows = reader.query(
                "select run_id, count(*) as n, sum(rows_count) as total "
                "from runs group by run_id",
                {"runs": reader.span("runs")},
            ).to_pylist()
            assert len(rows) == 1
            assert (rows[0]["run_id"], rows[0]["n"]) in whole
            assert rows[0]["total"] == sum(range(rows[0]["n"]))
            reads += 1
    finally:
        is_enough.set()
        thread.join()
    assert reads >= READS
    assert len(written) >= WRITES


FILL_THE_DISK = """
import resource, sys
from pathlib import Path
from tests.lake.rows import DAY, runs
from trendlab.errors import LakeError
from trendlab.lake import Lake

lake = Lake(Path(sys.argv[1]))
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
try:
    lake.write("runs", DAY, runs("new", 5000))
except LakeError as error:
    print(error)
"""


def test_a_full_disk_says_so_and_leaves_the_old_partition(lake):
    """A limit on the size of files stops the write halfway, as a full disk does."""
    lake.write("runs", DAY, runs("old"))

    with start(FILL_THE_DISK, lake.root) as process:
        said, _ = process.communicate(timeout=SOON_S)

    assert process.returncode == 0
    assert "no room on the disk" in said
    assert "free some space" in said
    assert markers(lake, DAY) == ({"old"}, 20)
    assert list((lake.root / ".tmp").iterdir()) == []


def test_a_folder_that_cannot_be_written_is_a_lake_error(tmp_path):
    (tmp_path / "lake").write_text("a file where the lake should be")

    with pytest.raises(LakeError, match="the old content is intact"):
        Lake(tmp_path / "lake").write("runs", DAY, runs("r"))


def test_a_second_writer_in_the_same_process_is_refused_at_once(lake):
    other = Lake(lake.root)
    with lake.lock():
        lake.write("runs", DAY, runs("mine"))
        with lake.lock():
            lake.write("runs", DAY, runs("nested"))
        # raised while the lock is held by this very thread: it was not waited for
        with pytest.raises(LakeLocked, match="wait for it to end"):
            other.write("runs", DAY, runs("other"))
        # readers need no lock
        assert markers(other, DAY) == ({"nested"}, 20)
    other.write("runs", DAY, runs("other"))
    assert markers(lake, DAY) == ({"other"}, 20)


HOLD_WITH_A_WORKER = """
import os, sys, time
from pathlib import Path
from trendlab.lake import Lake

with Lake(Path(sys.argv[1])).lock():
    worker = os.fork()
    if worker == 0:
        time.sleep(60)
        os._exit(0)
    print(worker, flush=True)
    time.sleep(60)
"""


def test_a_kill_frees_the_lock_even_if_a_forked_worker_lives_on(lake):
    import os
    import signal

    with start(HOLD_WITH_A_WORKER, lake.root) as process:
        worker = int(process.stdout.readline())
        try:
            with pytest.raises(LakeLocked, match=f"process {process.pid}"):
                lake.write("runs", DAY, runs("r"))
            process.kill()
            process.wait(SOON_S)
            lake.write("runs", DAY, runs("r"))
        finally:
            os.kill(worker, signal.SIGKILL)
    assert markers(lake, DAY) == ({"r"}, 20)
