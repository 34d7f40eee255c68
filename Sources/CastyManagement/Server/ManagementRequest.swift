import NIOHTTP1

/// A request, taken apart.
struct ManagementRequest: Sendable {
    /// The parts of the path between slashes, decoded.
    let path: [String]
    /// The parameters after the question mark, decoded.
    let query: [String: String]
    let method: HTTPMethod
    /// What was presented as `Authorization: Bearer …`.
    let bearer: Substring?

    /// Takes the head of a request apart.
    ///
    /// - Returns: `nil` where its target is no path, or is wrongly encoded.
    init?(_ head: HTTPRequestHead) {
        guard head.uri.utf8.first == UInt8(ascii: "/"), head.uri.utf8.count <= 8192 else { return nil }
        let halves = head.uri.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        var path: [String] = []
        for part in halves[0].split(separator: "/") {
            guard let decoded = Self.decoded(part) else { return nil }
            path.append(decoded)
        }
        var query: [String: String] = [:]
        for pair in (halves.count > 1 ? halves[1] : "").split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = Self.decoded(parts[0]), let value = Self.decoded(parts.count > 1 ? parts[1] : ""),
                query.updateValue(value, forKey: name) == nil
            else { return nil }
        }
        self.path = path
        self.query = query
        method = head.method
        let authorization = head.headers["authorization"].first?[...]
        bearer = authorization.flatMap { text in
            text.lowercased().hasPrefix("bearer ") ? text.dropFirst("bearer ".count).drop { $0 == " " } : nil
        }
    }

    /// Replaces `%41` by the byte that it stands for.
    private static func decoded(_ text: Substring) -> String? {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = rest.popFirst().flatMap(hexadecimal), let low = rest.popFirst().flatMap(hexadecimal) else {
                return nil
            }
            bytes.append(high << 4 | low)
        }
        return String(validating: bytes, as: UTF8.self)
    }

    private static func hexadecimal(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
