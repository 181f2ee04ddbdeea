#!/usr/bin/env python3
"""Writes a folder of seeds for each fuzz target, taken from the checkpoints that the tests read.

usage: make_seeds.py TARGET_FOLDER [GOLDEN_FOLDER]
"""
import pathlib
import struct
import sys
import zipfile

LEGACY_START = bytes.fromhex("80028a0a6cfc9c46f9206aa850192e")
LARGEST = 64 << 10


def main():
    target = pathlib.Path(sys.argv[1])
    here = pathlib.Path(__file__).resolve().parent
    golden = pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else here.parent / "golden"
    models = here.parent.parent / "models"
    count = 0

    def seed(name, content):
        nonlocal count
        if len(content) > LARGEST:
            return
        folder = target / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{count:04}").write_bytes(content)
        count += 1

    for path in sorted((golden / "pipeline" / "checkpoints").rglob("*")):
        if not path.is_file() or path.suffix == ".md":
            continue
        content = path.read_bytes()
        if path.name.endswith(".index.json"):
            seed("fuzz_index", content)
        elif content[:4] == b"PK\x03\x04":
            seed("fuzz_torch", content)
            seed("fuzz_zip", content)
            try:
                archive = zipfile.ZipFile(path)
                for name in archive.namelist():
                    if name.endswith("data.pkl"):
                        seed("fuzz_pickle", archive.read(name))
                        seed("fuzz_torch_pickle", archive.read(name))
            except (zipfile.BadZipFile, RuntimeError, OSError, EOFError, ValueError):
                pass  # broken on purpose
        elif content[: len(LEGACY_START)] == LEGACY_START:
            seed("fuzz_torch", content)
            seed("fuzz_torch_legacy", content[len(LEGACY_START):])
            seed("fuzz_pickle", content)
        elif path.suffix == ".safetensors":
            seed("fuzz_safetensors", b"\x00" + content)
            seed("fuzz_safetensors", b"\x01" + content[8:])
    seed("fuzz_index", b'{"metadata":{"total_size":11},"weight_map":{"x":"a.safetensors","y":"b.safetensors"}}')

    # Small vocabularies of all three kinds; the shipped ones are of the published formats.
    text = b"\x00a red coat, it's 24 caf\xc3\xa9"
    for folder, kind in (("sapsam-retrieval-small", 0), ("sapsam-phrases-small", 1)):
        vocabulary = models / folder / "vocab.json"
        if vocabulary.exists():
            merges = (models / folder / "merges.txt").read_bytes()
            seed("fuzz_tokenizers", bytes([kind]) + vocabulary.read_bytes() + b"\x00" + merges + text)
    words = models / "sapsam-person-small" / "vocab.txt"
    if words.exists():
        seed("fuzz_tokenizers", b"\x02" + words.read_bytes() + text)
    seed("fuzz_tokenizers", b"\x00" + b'{"a":0,"b</w>":1,"ab</w>":2,"<|startoftext|>":3,"<|endoftext|>":4}'
         + b"\x00#version: 0.2\na b</w>\n" + text)
    seed("fuzz_tokenizers", b"\x01" + b'{"<s>":0,"<pad>":1,"</s>":2,"<unk>":3,"a":4,"b":5,"ab":6}'
         + b"\x00#version: 0.2\na b\n" + text)
    seed("fuzz_tokenizers", b"\x02[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\n##b\nred\n" + text)
    seed("fuzz_tokenizers", b"\x05#header\na b</w>\nr e\nre d</w>\n" + text)
    seed("fuzz_tokenizers", b"\x03" + b'{"model":{"type":"Unigram","unk_id":2,"vocab":[["<pad>",0],["</s>",0],'
         b'["<unk>",0],["\xe2\x96\x81",-2.5],["\xe2\x96\x81red",-3],["a",-4.25]]}}' + text)
    pieces = b"".join(bytes([10, len(p) + 9, 10, len(p)]) + p + bytes([21]) + struct.pack("<f", score)
                      + bytes([24, kind])
                      for p, score, kind in ((b"<pad>", 0, 3), (b"</s>", 0, 3), (b"<unk>", 0, 2),
                                             ("▁".encode(), -2.5, 1), ("▁red".encode(), -3, 1), (b"a", -4, 1)))
    seed("fuzz_tokenizers", b"\x04" + pieces)
    print(f"{count} seeds below {target}")


if __name__ == "__main__":
    main()
