#!/usr/bin/env python3
"""Writes the seeds of fuzz_conf and fuzz_nets from the cases of the unit tests and from the examples.

Run from the root of the source: tests/fuzz/corpus_conf.py
"""
import pathlib
import re

ROOT = pathlib.Path(".")
CONF = ROOT / "tests/fuzz/corpus/conf"
NETS = ROOT / "tests/fuzz/corpus/nets"


def files_of(body):
    """The files of a case, by path."""
    parts = re.split(r"(?m)^--- (.*)\n", body)[1:]
    return dict(zip(parts[::2], parts[1::2]))


def write(name, files):
    """One seed: its files in the order that the target expects."""
    geo = [text for path, text in sorted(files.items()) if path.startswith("geo/") and path.endswith(".yaml")]
    nets = [text for path, text in sorted(files.items()) if path.endswith(".nets")]
    parts = [files.get("meridian.yaml", ""), *(geo + ["", ""])[:2], "".join(nets)]
    text = "%%\n".join(part or "\n" for part in parts)
    (CONF / name).write_text(re.sub(r"\w+\.nets", "x.nets", text))
    for i, text in enumerate(nets):
        (NETS / f"{name}-{i}").write_text(text)


def main():
    CONF.mkdir(parents=True, exist_ok=True)
    NETS.mkdir(parents=True, exist_ok=True)
    for path in sorted((ROOT / "tests/data/conf").glob("*.cases")):
        base = {}
        for case in re.split(r"(?m)^=== ", path.read_text())[1:]:
            title, _, body = case.partition("\n")
            files = files_of(body)
            if title == "base":
                base = files
                continue
            name = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")
            write(f"{path.stem}-{name}", {**base, **files})
    for folder in (ROOT, ROOT / "tests/data/conf/every-key"):
        found = [folder / "meridian.yaml", *folder.glob("geo/*.yaml"), *folder.glob("geo/*.nets")]
        write(f"example-{folder.resolve().name if folder != ROOT else 'root'}",
              {str(path.relative_to(folder)): path.read_text() for path in found})


if __name__ == "__main__":
    main()
