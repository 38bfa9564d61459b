"""Pictures that stand for a reader's own, in the folder given: `pictures`, two classes with a few wrong labels, and `checked.csv`, a list of
checked ones; or with `--classes N` a folder `classes` of N classes of ten pictures each, all different patterns."""
import os, random, struct, sys, zlib

place, draw = sys.argv[1], random.Random(3)


def png(rows):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    header = struct.pack(">IIBBBBB", len(rows[0]), len(rows), 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"".join(b"\0" + bytes(r) for r in rows))) + chunk(b"IEND", b"")


def write(path, rows):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(png(rows))


if "--classes" in sys.argv:
    for number in range(int(sys.argv[sys.argv.index("--classes") + 1])):
        pattern = [[draw.randrange(2) for _ in range(4)] for _ in range(4)]
        for i in range(10):
            write(f"{place}/classes/{number:02}/{i}.png",
                  [[draw.randrange(90) + 140 * pattern[y // 4][x // 4] for x in range(16)] for y in range(16)])
    sys.exit()
checked = ["name,label"]
for i in range(240):
    true = ["cats", "dogs"][i % 2]
    wrong = i >= 60 and i % 12 in (5, 6)
    folder = {"cats": "dogs", "dogs": "cats"}[true] if wrong else true
    name = f"{folder}/{'wrong' if wrong else 'right'}-{i:04}.png"
    write(f"{place}/pictures/{name}",
          [[draw.randrange(90) + (150 if (x // 8 if true == "cats" else y // 8) else 10) for x in range(16)] for y in range(16)])
    if i < 40:
        checked.append(f"{name},{true}")
with open(f"{place}/checked.csv", "w") as file:
    file.write("\n".join(checked) + "\n")
