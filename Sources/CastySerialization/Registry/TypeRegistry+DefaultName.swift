import CastyCore

extension TypeRegistry {
    /// The name of a type that was not registered under another one: `Shop.Cart`, `Swift.Array<Swift.String>`.
    ///
    /// It follows from the declaration alone: what names a private type within one process is left out, blanks are
    /// removed, and a name of more than 255 bytes ends in its hash. Two private types of one name in one module
    /// therefore share a default name; register one of them.
    public static func defaultName(of type: Any.Type) -> String {
        var name = ""
        var rest = String(reflecting: type)[...]
        // "(unknown context at $7f00aa)." stands for a file or a function, by an address of this process.
        while let start = rest.firstRange(of: "(unknown context at ") {
            name += rest[..<start.lowerBound]
            rest = rest[start.upperBound...]
            guard let end = rest.firstIndex(of: ")") else { break }
            rest = rest[rest.index(after: end)...]
            if rest.hasPrefix(".") { rest = rest.dropFirst() }
        }
        name += rest
        name.unicodeScalars.removeAll { $0.value <= 0x20 || $0.value == 0x7F }
        guard name.utf8.count > 255 else { return name }
        let hash = String(StableHash.fnv1a(name), radix: 16)
        var short = ""
        for scalar in name.unicodeScalars {
            guard short.utf8.count + UTF8.width(scalar) <= 200 else { break }
            short.unicodeScalars.append(scalar)
        }
        return "\(short)~\(hash)"
    }
}
