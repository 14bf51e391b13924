#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Debian package's systemd parts, judged by systemd's own tools; nothing is installed or started.

usage: systemd_test.py SOURCE_DIR
"""
import pathlib, re, shutil, subprocess, sys, tempfile

MOST_EXPOSURE = 2.0  # of 10, by systemd-analyze security; 1.5 when written
packaging = pathlib.Path(sys.argv[1]) / "packaging"
unit = (packaging / "chartlift.service").read_text()


def run(*command):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, f"{command[0]} {command[1]}: {done.stdout}{done.stderr}"
    return done.stdout + done.stderr


for promised in ("Type=notify", "User=chartlift", "UMask=0077", "StateDirectoryMode=0700", "LimitCORE=0", "OOMPolicy=continue",
                 "NoNewPrivileges=yes", "ProtectSystem=strict", "IPAddressDeny=any", "WatchdogSec=60"):
    assert f"\n{promised}\n" in unit, f"chartlift.service lacks {promised}"

with tempfile.TemporaryDirectory(prefix="chartlift-systemd-") as folder:
    folder = pathlib.Path(folder)
    here = folder / "chartlift.service"
    here.write_text(unit.replace("/usr/bin/chartlift", "/bin/true"))  # it need not be installed here
    assert shutil.which("systemd-analyze"), "systemd-analyze is missing: scripts/setup installs it"
    said = run("systemd-analyze", "verify", "--man=no", here)
    assert not said.strip(), said
    report = run("systemd-analyze", "security", "--offline=true", "--no-pager", here)
    exposure = float(re.search(r"Overall exposure level for \S+: ([0-9.]+)", report)[1])
    assert exposure <= MOST_EXPOSURE, f"exposure is {exposure}; {MOST_EXPOSURE} is the most\n{report}"

    # In a root of their own: the user, then the folders with their owners and modes.
    root = folder / "root"
    for name, source in (("sysusers.d", "chartlift.sysusers"), ("tmpfiles.d", "chartlift.tmpfiles")):
        (root / "usr/lib" / name).mkdir(parents=True)
        shutil.copy(packaging / source, root / "usr/lib" / name / "chartlift.conf")
    (root / "etc").mkdir()
    run("systemd-sysusers", f"--root={root}", "chartlift.conf")
    user = next(line for line in (root / "etc/passwd").read_text().splitlines() if line.startswith("chartlift:"))
    assert user.endswith("/nologin"), user
    if run("id", "-u").strip() == "0":  # owners are for root to give
        run("systemd-tmpfiles", f"--root={root}", "--create", "chartlift.conf")
        for path, mode in (("var/lib/chartlift", 0o700), ("srv/scans/inbox", 0o2770)):
            found = (root / path).stat()
            assert found.st_mode & 0o7777 == mode, f"{path} has mode {found.st_mode & 0o7777:o}; {mode:o} was meant"
            assert found.st_uid == int(user.split(":")[2]), f"{path} is not chartlift's"

for script in ("postinst", "prerm", "postrm"):
    path = packaging / "debian" / script
    run("sh", "-n", path)
    assert path.stat().st_mode & 0o111, f"{script} cannot be executed"
    assert "systemctl enable" not in path.read_text() and "systemctl start" not in path.read_text()
print(f"systemd: unit, user and folders in order, exposure {exposure}")
