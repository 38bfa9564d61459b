/// A page that needs nothing but itself: no script, no fonts, no other file.
public struct HTMLReport: Sendable {
    private let title: String
    private var body: [String] = []

    /// An empty page; both lines are escaped.
    public init(title: String, subtitle: String) {
        self.title = title
        body.append("<header><h1>\(escaped(title))</h1><p>\(escaped(subtitle))</p></header>")
    }

    /// A heading, escaped.
    public mutating func addHeading(_ text: String) { body.append("<h2>\(escaped(text))</h2>") }
    /// A paragraph of text, escaped.
    public mutating func addParagraph(_ text: String) { body.append("<p>\(escaped(text))</p>") }
    /// A table, which scrolls by itself where it is wide.
    public mutating func addTable(_ table: Table) { body.append("<div class='scroll'>\(table.html)</div>") }

    /// Pages beside this one, by paths from its folder.
    public mutating func addLinks(_ links: [(text: String, path: String)]) {
        let items = links.map { "<a href='\(escaped($0.path))'>\(escaped($0.text))</a>" }
        body.append("<p>\(items.joined(separator: " · "))</p>")
    }

    /// The members of JSON objects, one a row, each name once: what a later object says again is left out. Figures
    /// are rounded and hashes shortened; JSON files have the whole.
    public mutating func addSettings(_ objects: JSONValue...) {
        var shown: Set<String> = []
        for case .object(let members) in objects {
            addTable(
                Table(
                    columns: ["setting", "value"],
                    rows: members.filter { shown.insert($0.0).inserted }.map { [$0.0, $0.1.shortText] }))
        }
    }

    /// The few numbers that a reader came for.
    public mutating func addKeyFigures(_ figures: [(name: String, value: String)]) {
        body.append(
            "<dl>" + figures.map { "<div><dt>\(escaped($0.name))</dt><dd>\(escaped($0.value))</dd></div>" }.joined()
                + "</dl>")
    }

    /// Charts side by side where there is room.
    public mutating func addCharts(_ charts: [String]) {
        body.append("<div class='charts'>" + charts.map { "<div>\($0)</div>" }.joined() + "</div>")
    }

    /// Pictures side by side, each with its caption.
    public mutating func addGallery(_ images: [GalleryImage]) {
        body.append("<div class='gallery'>" + images.map(\.html).joined(separator: "\n") + "</div>")
    }

    /// The whole page: it needs no other file.
    public var html: String {
        """
        <!doctype html>
        <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
        <title>\(escaped(title))</title><style>
        :root { color-scheme: light dark; --line: #8884; --soft: #8881; }
        body { font: 16px/1.5 system-ui, sans-serif; max-width: 1100px; margin: 2rem auto; padding: 0 1rem; }
        h1 { margin-bottom: 0; } header p { margin-top: .2rem; opacity: .75; } h2 { margin-top: 2.5rem; }
        dl { display: flex; flex-wrap: wrap; gap: .8rem; }
        dl div { background: var(--soft); border-radius: 8px; padding: .6rem 1rem; }
        dt { font-size: .8rem; opacity: .75; } dd { margin: 0; font-size: 1.5rem; font-variant-numeric: tabular-nums; }
        .charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(420px, 1fr)); gap: 1.2rem; }
        svg { width: 100%; height: auto; font: 12px system-ui, sans-serif; } svg text { fill: currentColor; }
        svg .title { font-size: 14px; font-weight: 600; }
        svg .grid { stroke: var(--line); } svg .axis { stroke: currentColor; }
        .gallery { display: grid; grid-template-columns: repeat(auto-fill, minmax(118px, 1fr)); gap: .8rem; }
        figure { margin: 0; } img { width: 100%; image-rendering: pixelated; border-radius: 4px; }
        .right img { outline: 3px solid #2a9d4a; } .wrong img { outline: 3px solid #d62839; }
        figcaption { font-size: .75rem; line-height: 1.3; }
        .scroll { overflow-x: auto; } table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
        th, td { text-align: left; padding: .25rem .8rem; border-bottom: 1px solid var(--line); }
        </style></head><body>
        \(body.joined(separator: "\n"))
        </body></html>

        """
    }
}
