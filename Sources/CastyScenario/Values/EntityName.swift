/// The name of an entity, `TYPE-REST`: its id is the whole text, and its type is the part before the first dash.
package struct EntityName: Hashable, Sendable {
    /// The longest id, in UTF-8 bytes.
    package static let longest = 256

    /// The whole name, from which the shard is computed.
    package let id: String

    /// Parses a name.
    ///
    /// - Returns: `nil` if the type is not made of letters, digits and underscores, nothing follows the dash, or the
    ///   text contains control characters or is longer than ``longest``.
    package init?(_ id: String) {
        // By bytes: a mark that combines with the dash before it belongs to the rest.
        guard id.utf8.count <= Self.longest, let dash = id.utf8.firstIndex(of: UInt8(ascii: "-")),
            Self.isType(id[..<dash]), id.utf8.index(after: dash) < id.utf8.endIndex,
            !id.unicodeScalars.contains(where: \.isControl)
        else { return nil }
        self.id = id
    }

    /// The name of the entity type.
    package var type: String { Self.type(of: id) }

    /// The part before the first dash; the whole text if there is none.
    package static func type(of id: String) -> String {
        String(id[..<(id.utf8.firstIndex(of: UInt8(ascii: "-")) ?? id.endIndex)])
    }

    private static func isType(_ text: Substring) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { $0.isLetterOrDigit || $0 == UInt8(ascii: "_") }
    }
}

extension EntityName: CustomStringConvertible {
    package var description: String { id }
}

extension UInt8 {
    /// Whether this is an ASCII letter or digit.
    var isLetterOrDigit: Bool {
        switch self {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        default: false
        }
    }
}

extension Unicode.Scalar {
    /// Whether a scenario may contain this character only as an escape: C0, DEL, C1, line separators, direction marks.
    /// For output to a terminal further characters are escaped.
    var isControl: Bool {
        switch value {
        case 0...0x1F, 0x7F...0x9F, 0x200E...0x200F, 0x2028...0x202E, 0x2066...0x2069, 0xFEFF: true
        default: false
        }
    }
}
