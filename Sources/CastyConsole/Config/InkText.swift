/// Inks as words: `45`, `bright-red bold`, `black on #ffaf00`, `default reverse`.
enum InkText {
    /// The names of the first 16 colours, by their index.
    static let names = [
        "black", "red", "green", "yellow", "blue", "magenta", "cyan", "white", "bright-black", "bright-red",
        "bright-green", "bright-yellow", "bright-blue", "bright-magenta", "bright-cyan", "bright-white",
    ]

    static let attributes: [(name: String, value: Attributes)] = [
        ("bold", .bold), ("dim", .dim), ("underline", .underline), ("reverse", .reverse),
    ]

    static let form =
        "a colour (0 to 255, #rrggbb, default, \(names[..<8].joined(separator: ", ")), bright-…), `on` and a colour, "
        + "and any of bold, dim, underline, reverse"

    /// Parses an ink; `nil` if it is none.
    static func parse(_ text: String) -> Ink? {
        var words = text.split(separator: " ").map(String.init)[...]
        guard let first = words.popFirst() else { return nil }
        var foreground: Int16 = -1
        if let colour = colour(first) { foreground = colour } else { words.insert(first, at: words.startIndex) }
        var background: Int16 = -1
        if words.first == "on" {
            words.removeFirst()
            guard let colour = words.popFirst().flatMap(Self.colour) else { return nil }
            background = colour
        }
        var attributes: Attributes = []
        for word in words {
            guard let found = Self.attributes.first(where: { $0.name == word }) else { return nil }
            attributes.insert(found.value)
        }
        return ink(foreground, on: background, attributes)
    }

    /// An ink with what it becomes with fewer colours, and with none: there a coloured ground is reversed.
    static func ink(_ foreground: Int16, on background: Int16, _ attributes: Attributes) -> Ink {
        let sixteen = foreground < 16 ? foreground : Int16(nearest(Int(foreground)))
        let ground = background < 0 ? attributes : attributes.union(.reverse)
        return Ink(foreground, sixteen, on: background, attributes, mono: ground)
    }

    private static func nearest(_ index: Int) -> Int {
        Palette256.nearest(to: Palette256.colour(index), among: 0..<16)
    }

    /// The words of an ink, as far as 256 colours show it.
    static func words(_ ink: Ink) -> String {
        var words = [name(ink.all)]
        if ink.background >= 0 { words += ["on", name(ink.background)] }
        words += attributes.filter { ink.attributes.contains($0.value) }.map(\.name)
        return words.joined(separator: " ")
    }

    private static func name(_ colour: Int16) -> String {
        colour < 0 ? "default" : colour < 16 ? names[Int(colour)] : String(colour)
    }

    private static func colour(_ word: String) -> Int16? {
        if word == "default" { return -1 }
        if let index = names.firstIndex(of: word) { return Int16(index) }
        if let colour = Palette256.Colour(hex: word) { return Int16(Palette256.nearest(to: colour, among: 16..<256)) }
        guard word.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }), let number = Int16(word), number <= 255 else {
            return nil
        }
        return number
    }
}

extension Role {
    /// The name in the configuration file: `border-focused`, `link-ok`.
    var configName: String {
        var name = ""
        var wasUppercase = false
        for character in "\(self)" {
            // An abbreviation is one word.
            if character.isUppercase, !wasUppercase { name += "-" }
            name += character.lowercased()
            wasUppercase = character.isUppercase
        }
        return name
    }

    init?(configName: String) {
        guard let found = Role.allCases.first(where: { $0.configName == configName }) else { return nil }
        self = found
    }
}

extension Theme {
    /// A theme by its name.
    package static func named(_ name: String, own: [Theme]) -> Theme? {
        own.first { $0.name == name } ?? ThemeName(rawValue: name).map(Theme.init)
    }
}
