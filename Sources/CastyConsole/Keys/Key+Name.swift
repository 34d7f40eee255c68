extension Key {
    /// What can be written for a key in the configuration file, for messages.
    package static let nameForms =
        "one character, Space, Enter, Tab, Shift-Tab, Esc, Backspace, Delete, Up, Down, Left, Right, Home, End, PgUp, "
        + "PgDn, F1, Ctrl-A to Ctrl-Z"

    /// The names besides single characters and those with Ctrl.
    private static let named: [(name: String, key: Key)] = [
        ("Space", .character(" ")), ("Up", .up), ("Down", .down), ("Left", .left), ("Right", .right), ("Home", .home),
        ("End", .end), ("PgUp", .pageUp), ("PgDn", .pageDown), ("Tab", .tab), ("Shift-Tab", .backTab),
        ("Enter", .enter), ("Esc", .escape), ("Backspace", .backspace), ("Delete", .delete), ("F1", .help),
    ]

    /// Parses a name as ``configName`` and ``name`` write it.
    package init?(name: String) {
        if let found = Self.named.first(where: { $0.name.lowercased() == name.lowercased() || $0.key.name == name }) {
            self = found.key
        } else if name.lowercased().hasPrefix("ctrl-"), name.count == 6, let letter = name.lowercased().last,
            letter.isASCII, letter.isLetter
        {
            self = .control(letter)
        } else if name.count == 1, let character = name.first, let scalar = name.unicodeScalars.first,
            name.unicodeScalars.count == 1, case .columns = CharacterWidth.of(scalar.value)
        {
            self = .character(character)
        } else {
            return nil
        }
    }

    /// The name in the configuration file, which a keyboard can type.
    package var configName: String { Self.named.first { $0.key == self }?.name ?? name }

    /// Why a key cannot be given to an action; `nil` if it can. `Ctrl-C` and `Ctrl-Z` do the same whatever the file says.
    var isTakenBecause: String? {
        switch self {
        case .control("i"): "a terminal sends it for Tab"
        case .control("j"), .control("m"): "a terminal sends it for Enter"
        case .control("h"): "a terminal may send it for Backspace"
        default: nil
        }
    }
}
