"""What users of a package can see, one line each: public declarations with their defaults, options of its commands, siblings."""
import glob, hashlib, json, os, re, subprocess, sys, tempfile

NOTE = "what users of release {} see; written by Tools/release, compared by Tools/versions"
# As Tools/test builds, so that both can share a folder.
CONFIGURATION = ["-c", "release", "--disable-build-manifest-caching", "-Xswiftc", "-enable-testing"]


def run(command, **options):
    done = subprocess.run(command, capture_output=True, text=True, **options)
    if done.returncode != 0:
        errors = [line for line in (done.stdout + done.stderr).splitlines() if "error:" in line] or done.stderr.splitlines()[-3:]
        sys.exit(f"versions: `{' '.join(command[:6])} …` failed: " + "\n".join(errors[:10]))
    return done.stdout


def sources_digest(folder):
    """Of everything that a release's users build: the manifest and Sources."""
    paths = [f"{folder}/Package.swift"] + sorted(p for p in glob.glob(f"{folder}/Sources/**", recursive=True) if os.path.isfile(p))
    total = hashlib.sha256()
    for path in paths:
        with open(path, "rb") as file:
            total.update(f"{os.path.relpath(path, folder)}\0".encode() + hashlib.sha256(file.read()).digest())
    return total.hexdigest()


def needs(folder):
    """The siblings with their minimum versions."""
    with open(f"{folder}/Package.swift") as file:
        return dict(re.findall(r'sibling\("(\w+)", "([\d.]+)"\)', file.read()))


def series(version):
    """The versions that fit each other: 0.2.x, or 3.x.x."""
    parts = version.split(".")
    return ".".join(parts[:2]) if parts[0] == "0" else parts[0]


def build_libraries(folder, scratch):
    """Where they were built, and the modules of the package's library products."""
    products = json.loads(run(["swift", "package", "dump-package", "--package-path", folder]))["products"]
    build = ["swift", "build", *CONFIGURATION, "--package-path", folder, "--scratch-path", scratch]
    libraries = [product for product in products if "library" in product["type"]]
    for product in libraries:
        run(build + ["--product", product["name"]])
    return run(build + ["--show-bin-path"]).strip(), [target for product in libraries for target in product["targets"]]


def interface(folder, scratch):
    """The sorted lines of the package in `folder`, built in `scratch`."""
    package = json.loads(run(["swift", "package", "dump-package", "--package-path", folder]))
    lines = {f"needs {name} {series(version)}" for name, version in needs(folder).items()}
    binaries, modules = build_libraries(folder, scratch)
    for module in modules:
        lines |= set(declarations(module, folder, binaries))
    build = ["swift", "build", *CONFIGURATION, "--package-path", folder, "--scratch-path", scratch]
    for product in package["products"]:
        if "executable" in product["type"]:
            run(build + ["--product", product["name"]])
            dump = json.loads(run([f"{binaries}/{product['name']}", "--experimental-dump-help"]))
            lines |= set(options(dump["command"], []))
    return sorted(lines)


def options(command, above):
    """Of a command and those below it: `option few-shot train --seed = 0`."""
    path = above + [command["commandName"]]
    yield f"command {' '.join(path)}"
    for argument in command.get("arguments", []):
        names = [("-" if name["kind"] == "short" else "--") + name["name"] for name in argument.get("names") or []]
        name = "/".join(names) or argument.get("valueName", "")
        default = f" = {argument['defaultValue']}" if "defaultValue" in argument else ""
        if name not in ("-h/--help", "--help/-h", "--version"):
            yield f"option {' '.join(path)} {name}{'' if argument['isOptional'] else ' (needed)'}{default}"
    for below in command.get("subcommands", []):
        if below["commandName"] != "help":
            yield from options(below, path)


def extract(module, folder, binaries, output):
    """Writes the symbol graphs of the module's public declarations into `output`."""
    # C targets: those with a module map of their own, and those whose map the build wrote.
    maps = glob.glob(f"{folder}/../*/Sources/*/module.modulemap") + glob.glob(f"{folder}/../*/Sources/*/include/module.modulemap")
    maps += glob.glob(f"{binaries}/C*.build/module.modulemap")
    headers = [flag for path in maps for flag in ["-Xcc", f"-fmodule-map-file={path}"]]
    triple = json.loads(run(["swiftc", "-print-target-info"]))["target"]["unversionedTriple"]
    run(["swift", "symbolgraph-extract", "-module-name", module, "-I", f"{binaries}/Modules", *headers, "-target", triple,
         "-minimum-access-level", "public", "-omit-extension-block-symbols", "-output-dir", output])


def read_graphs(output):
    graphs = []
    for path in sorted(glob.glob(f"{output}/*.symbols.json")):
        with open(path) as file:
            graphs.append(json.load(file))
    return graphs


def undocumented(output):
    """Paths of declarations in the source that have no comment, of their own or of a requirement that they fulfil."""
    symbols = {symbol["identifier"]["precise"]: symbol for graph in read_graphs(output) for symbol in graph["symbols"]}
    return sorted({".".join(symbol["pathComponents"]) for precise, symbol in symbols.items()
                   if "docComment" not in symbol and "location" in symbol and "::SYNTHESIZED::" not in precise})


def declarations(module, folder, binaries):
    with tempfile.TemporaryDirectory() as output:
        extract(module, folder, binaries, output)
        graphs = read_graphs(output)
    symbols = {s["identifier"]["precise"]: s for graph in graphs for s in graph["symbols"]
               if "::SYNTHESIZED::" not in s["identifier"]["precise"]}
    arrows = [arrow for graph in graphs for arrow in graph["relationships"]]
    required = {a["source"] for a in arrows if a["kind"] == "requirementOf"}
    given = {a["target"] for a in arrows if a["kind"] == "defaultImplementationOf"}
    for precise, symbol in symbols.items():
        text = re.sub(r"\s+", " ", "".join(part["spelling"] for part in symbol["declarationFragments"]))
        kind = "requirement" if precise in required and precise not in given else \
            "requirement with a default" if precise in required else "declaration"
        yield f"{kind} {module}.{'.'.join(symbol['pathComponents'])}: {text}{initial_value(symbol)}"
    for arrow in arrows:
        if arrow["kind"] == "conformsTo" and arrow["source"] in symbols:
            other = symbols.get(arrow["target"])
            name = ".".join(other["pathComponents"]) if other else arrow.get("targetFallback", arrow["target"]).removeprefix("Swift.")
            if name not in ("Copyable", "Escapable", "SendableMetatype"):
                yield f"conformance {module}.{'.'.join(symbols[arrow['source']]['pathComponents'])}: {name}"


def initial_value(symbol):
    """What a stored property begins as, from its line: symbol graphs hold the defaults of arguments only."""
    if symbol["kind"]["identifier"] not in ("swift.property", "swift.type.property") or "location" not in symbol:
        return ""
    place = symbol["location"]
    with open(place["uri"].removeprefix("file://")) as file:
        line = file.read().splitlines()[place["position"]["line"]]
    value = re.search(r"\b(?:var|let)\s+\w+[^={]*=\s*([^={]*?)\s*(?://.*)?$", line)
    return f" = {value[1]}" if value else ""


def record_path(folder):
    return f"{folder}/released-interface.txt"


def write_record(folder, version, lines):
    with open(record_path(folder), "w") as file:
        file.write("\n".join([f"version {version}: {NOTE.format(version)}", f"sources {sources_digest(folder)}", *lines]) + "\n")


def read_record(folder):
    """The last release's version, digest of sources, and lines; nil if there was none."""
    if not os.path.exists(record_path(folder)):
        return None
    with open(record_path(folder)) as file:
        lines = file.read().splitlines()
    return re.match(r"version ([\d.]+)", lines[0])[1], lines[1].split()[1], lines[2:]
