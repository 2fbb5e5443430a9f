"""The two nodes that the README makes by hand, made as it says, and the type that the how-to adds to them."""

import os
import re
import shlex
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

ROOT = Path(__file__).parents[2]

# A person repeats a command that says that something is not there yet (exit codes 3 and 4); so does this.
SHIM = """#!/bin/bash
shift
[ "$1" != serve ] || exec {python} -m passerelle "$@"
for _ in {{1..120}}; do
    {python} -m passerelle "$@"
    code=$?
    case $code in 3 | 4) sleep 0.25 ;; *) exit $code ;; esac
done
exit $code
"""


def _free_port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


def _fences(page: str, kinds: str = "sh") -> list[tuple[str, str]]:
    return re.findall(rf"```({kinds})\n(.*?)\n```", page, re.DOTALL)


def _added_type() -> str:
    """The page on adding a type as a script: its TOML goes into the file as it comes, its commands are done."""
    page = (ROOT / "docs" / "how-to" / "add-a-type.md").read_text("utf-8")
    parts = []
    for kind, text in _fences(page, "sh|toml"):
        written = f"cat >> $D/vehicle-check.toml <<'END_OF_TYPE'\n{text}\n\nEND_OF_TYPE"
        parts.append(text if kind == "sh" else written)
    first = parts.index("./run passerelle catalogue check $D/vehicle-check.toml")
    parts[first] = f'( set +e; {parts[first]}; echo "the first check: $?" )'  # it is not finished yet
    shown = "./run passerelle dossier show $D/be BE-2026-0031 --content --language nl --as ann"
    assert shown in parts
    parts.insert(parts.index(shown), f"until {shown} | grep Ingeschreven >/dev/null; do sleep 0.2; done")
    return "\n".join(parts)


def test_two_nodes_by_hand_and_a_type_of_their_own(tmp_path: Path) -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    script = _fences(text[text.index("### Two nodes by hand") :])[0][1]
    assert script.endswith("\nkill %1 %2")
    script = script.removesuffix("kill %1 %2") + _added_type() + "\nkill %1 %2"
    for port in ("8443", "8444"):
        assert port in script
        script = script.replace(port, _free_port())
    # A path to a socket is short; pytest's folders are not always.
    assert "D=$(mktemp -d)" in script
    shim = tmp_path / "run"
    shim.write_text(SHIM.format(python=shlex.quote(sys.executable)))
    shim.chmod(0o700)
    # The dossier is on both sides before it is proven.
    script = script.replace(
        "# 9 ", "until ./run passerelle dossier list $D/ma --as nadia | grep -q wanted; do sleep 0.2; done\n# 9 ", 1
    )
    process = subprocess.Popen(
        ["bash", "-c", f"trap 'kill $(jobs -p)' EXIT\nset -e -o pipefail\n{script}\ntrap - EXIT\necho the end"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT / "src"), "TMPDIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        said, complained = process.communicate(timeout=400)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # nothing that it started stays
        process.wait()
    assert process.returncode == 0, said[-2000:] + complained[-2000:]
    assert said.endswith("the end\n")
    assert "\nverified\n" in said
    evidence = next(tmp_path.glob("*/evidence.json"))
    assert evidence.stat().st_size > 10_000
    assert "Kenteken: 12345-A-6" in said, "the form of the type's own, in Dutch"
    assert "Ingeschreven" in said
