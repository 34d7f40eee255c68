extension ActorAddress {
    /// Reads the usual text of an address by its bytes, because every reference in a message from another node passes
    /// here: a dotted IPv4 host or a plain name, and nothing encoded.
    ///
    /// - Returns: `nil` for any other text, which may be an address all the same.
    init?(usual text: UnsafeBufferPointer<UInt8>) {
        var reader = UsualReader(text: text)
        guard reader.skip("casty://"), let system = reader.name(), reader.skip("@"), let host = reader.name(),
            reader.skip(":"), let port = reader.port()
        else { return nil }
        var path: [String] = []
        while reader.skip("/") {
            guard let name = reader.name() else { return nil }
            path.append(name)
        }
        var uid: UInt64 = 0
        if reader.skip("#") {
            guard let number = reader.number() else { return nil }
            uid = number
        }
        guard reader.isAtEnd, !path.isEmpty, host.utf8.count <= NodeAddress.longestHost else { return nil }
        self.init(system: system, node: NodeAddress(host: host, port: port), path: path, uid: uid)
    }
}

private struct UsualReader {
    let text: UnsafeBufferPointer<UInt8>
    var next = 0

    var isAtEnd: Bool { next == text.count }

    mutating func skip(_ expected: StaticString) -> Bool {
        let count = expected.utf8CodeUnitCount
        guard text.count - next >= count else { return false }
        for index in 0..<count where text[next + index] != expected.utf8Start[index] { return false }
        next += count
        return true
    }

    /// Letters, digits and the marks that are not encoded, at least one.
    mutating func name() -> String? {
        let start = next
        while next < text.count, PercentCoding.isUnreserved(text[next]) { next += 1 }
        guard next > start else { return nil }
        return String(decoding: UnsafeBufferPointer(rebasing: text[start..<next]), as: UTF8.self)
    }

    mutating func port() -> Int? {
        let start = next
        var value = 0
        while next < text.count, next - start < 5, case 0x30...0x39 = text[next] {
            value = value * 10 + Int(text[next] - 0x30)
            next += 1
        }
        return next > start && value <= 65_535 ? value : nil
    }

    /// A hexadecimal number above zero, of at most sixteen digits.
    mutating func number() -> UInt64? {
        let start = next
        var value: UInt64 = 0
        while next < text.count, next - start < 16, let digit = PercentCoding.value(text[next]) {
            value = value << 4 | UInt64(digit)
            next += 1
        }
        return value == 0 ? nil : value
    }
}
