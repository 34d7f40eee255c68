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

extension ActorAddress {
    /// The text of an address in which nothing has to be encoded, written by its bytes, because every reference in a
    /// message to another node passes here; `nil` for any other address.
    var usualText: String? {
        guard isLocal || !node.host.isEmpty, (0...65_535).contains(node.port) else { return nil }
        let names = path.reduce(system.utf8.count + node.host.utf8.count) { $0 + 1 + $1.utf8.count }
        let text = String(unsafeUninitializedCapacity: names + UsualWriter.marks) { bytes in
            var writer = UsualWriter(text: bytes)
            writer.write("casty://")
            writer.name(system)
            if !isLocal {
                writer.write("@")
                writer.name(node.host)
                writer.write(":")
                writer.number(UInt64(node.port), radix: 10)
            }
            for name in path {
                writer.write("/")
                writer.name(name)
            }
            if uid != 0 {
                writer.write("#")
                writer.number(uid, radix: 16)
            }
            return writer.isUsual ? writer.count : 0
        }
        return text.isEmpty ? nil : text
    }
}

private struct UsualWriter {
    /// The most bytes beside the names and the strokes before them: the scheme, "@", ":", a port, "#" and a uid.
    static let marks = 8 + 1 + 1 + 5 + 1 + 16

    let text: UnsafeMutableBufferPointer<UInt8>
    private(set) var count = 0
    /// Whether nothing had to be encoded so far.
    private(set) var isUsual = true

    init(text: UnsafeMutableBufferPointer<UInt8>) { self.text = text }

    mutating func write(_ constant: StaticString) {
        for index in 0..<constant.utf8CodeUnitCount {
            text[count] = constant.utf8Start[index]
            count += 1
        }
    }

    mutating func name(_ name: String) {
        let isWritten = name.utf8.withContiguousStorageIfAvailable { bytes in
            for byte in bytes {
                guard PercentCoding.isUnreserved(byte) else { return false }
                text[count] = byte
                count += 1
            }
            return true
        }
        if isWritten != true { isUsual = false }
    }

    mutating func number(_ value: UInt64, radix: UInt64) {
        var rest = value
        let start = count
        repeat {
            let digit = UInt8(truncatingIfNeeded: rest % radix)
            text[count] = digit < 10 ? 0x30 + digit : 0x61 + digit - 10
            count += 1
            rest /= radix
        } while rest > 0
        text[start..<count].reverse()
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
