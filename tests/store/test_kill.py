"""A process that dies at any moment loses no record that it was told is written."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from glimway.store.journal import Journal
from glimway.store.segments import START

ROUNDS = 12
SEGMENT_BYTES = (4000, 1_000_000)
"""With the small one, some rounds die while a segment is begun."""

RECORD_BYTES_MAX = 400

WRITER = """
import os, sys
from pathlib import Path
from glimway.store.disk import system_disk
from glimway.store.journal import Journal

disk = system_disk(mapped=sys.argv[3] == "mapped")
journal = Journal.open(Path(sys.argv[1]), segment_bytes=int(sys.argv[2]), fsync_ms=1, disk=disk)
number = journal.end.sequence
while True:
    journal.append(b"%d " % number + b"x" * (number % 300))
    os.write(1, b"%d\\n" % number)
    number += 1
"""


@pytest.mark.parametrize("segment_bytes", SEGMENT_BYTES)
def test_what_was_acknowledged_survives_kill_9(folder: Path, way: str, segment_bytes: int) -> None:
    chance = random.Random(9)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    acknowledged = -1
    for _ in range(ROUNDS):
        command = [sys.executable, "-c", WRITER, str(folder), str(segment_bytes), way]
        with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as writer:
            assert writer.stdout is not None
            said = b"".join(writer.stdout.readline() for _ in range(chance.randrange(1, 200)))
            writer.kill()
            # The lines that were under way count too: each was written after its record.
            said += writer.stdout.read()
            acknowledged = int(said.split(b"\n")[-2])
        journal = Journal.open(folder, segment_bytes=segment_bytes)
        numbers = [int(payload.split(b" ")[0]) for _place, payload in journal.read(START)]
        assert numbers == list(range(len(numbers)))
        assert len(numbers) > acknowledged
        assert journal.end.sequence == len(numbers)
        # At most the one record under way; room that nothing was written to does not count.
        assert journal.recovered.torn_bytes <= RECORD_BYTES_MAX
        journal.close()
    assert acknowledged > ROUNDS
