"""Template folders for tests: configurations and updates that are small, and as real ones in all that is read of them."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "fuzz"))

import make_update_seeds as seeds  # noqa: E402

NAME, VENDOR = "Склад", "Фирма"


def guid(text):
    """The id of a build, out of a short name for it."""
    return text.encode().hex().ljust(32, "0")[:8] + "-b151-4efe-8b31-f0897db3142a"


def cfu(version, sources, build="new", name=NAME, vendor=VENDOR):
    """An update to `version` from `sources`: a list of versions, or of (version, build)."""
    pairs = [(source, "old" + source) if isinstance(source, str) else source for source in sources]
    listed = "".join(f',"{name}","{vendor}","{source}",{guid(of)}' for source, of in pairs)
    info = (f'{{3,{len(pairs)}{listed},0,2,"",{guid(build)},"{seeds.ROOT}",{seeds.OBJECT},"{name}","{vendor}","{version}",'
            f"00000000-0000-0000-0000-000000000000,{{216,0,{{80322,0}}}},{seeds.ROOT}}}")
    return seeds.deflate(seeds.container([(seeds.ROOT, seeds.metadata()), ("UpdateInfo.inf", seeds.MARK + info.encode())]))


def cf(version, build="new", distribution=True, name=NAME, vendor=VENDOR):
    """A configuration; as a distribution it can stand as a vendor's."""
    def own(text):
        return (text.replace("1.0.2.7".encode(), version.encode()).replace(seeds.VERSION.encode(), guid(build).encode())
                .replace('"Фирма ""Р"""'.encode(), f'"{vendor}"'.encode()).replace('"Склад"'.encode(), f'"{name}"'.encode()))

    items = [(entry, own(data)) for entry, data in seeds.configuration()]
    return seeds.container(seeds.packed([item for item in items if distribution or not item[0].endswith(".4")]))


def put(folder, version, content, file="1cv8.cfu", date=None, sources=()):
    """A release's folder as an administrator has it, with UpdInfo.txt where there is a date (dd.mm.yyyy)."""
    place = folder / version.replace(".", "_")
    place.mkdir(parents=True, exist_ok=True)
    (place / file).write_bytes(content)
    if date:
        text = f"Version={version}\r\nFromVersions=;{';'.join(sources)};\r\nUpdateDate={date}\r\n"
        (place / "UpdInfo.txt").write_text(text, newline="")
    return place / file


def line(folder, versions=("1.0.1", "1.0.2", "1.0.3", "1.0.4"), dates=None):
    """Updates that each apply to the version before, the last one to the one before that too. Each version has one build."""
    dates = dates or [None] * len(versions)
    for number in range(1, len(versions)):
        before = [(of, "b" + of) for of in versions[:number][-2 if number == len(versions) - 1 else -1:]]
        put(folder, versions[number], cfu(versions[number], before, "b" + versions[number]), date=dates[number],
            sources=[of for of, _ in before])
