/// The address where a node listens: a host and a port.
///
/// An address outlives the process that listens there; ``UniqueAddress`` identifies the process.
///
/// Addresses compare by host, then port. Two dotted IPv4 hosts compare by their numbers, so that 127.0.0.2 comes before
/// 127.0.0.10. A dotted IPv4 host comes before any other host. All other hosts compare by their UTF-8 bytes.
public struct NodeAddress: Hashable, Sendable, Codable {
    /// A host name, a dotted IPv4 address, or an IPv6 address without brackets.
    public let host: String
    /// The TCP port, 0…65535. Zero means "not chosen yet".
    public let port: Int
    /// The four numbers of a dotted IPv4 host as one number, or `nil` for any other host; stored because addresses are
    /// compared often.
    package let ipv4: UInt32?

    /// Creates an address.
    ///
    /// - Parameters:
    ///   - host: A host name or address; an IPv6 address has no brackets.
    ///   - port: A TCP port, 0…65535.
    public init(host: String, port: Int) {
        self.host = host
        self.port = port
        ipv4 = Self.ipv4(host)
    }

    /// Reads `host:port`, or `[host]:port` for IPv6.
    ///
    /// - Returns: `nil` where the host is empty or holds a blank, `/`, `@`, `#`, `?`, `%`, a bracket or a control
    ///   character, where it is longer than 255 bytes, where an IPv6 host has no brackets, or where the port is not a
    ///   number in 0…65535.
    public init?(_ text: String) {
        let host: Substring
        let rest: Substring
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]") else { return nil }
            host = text[text.index(after: text.startIndex)..<end]
            let tail = text[text.index(after: end)...]
            guard tail.hasPrefix(":") else { return nil }
            rest = tail.dropFirst()
            guard host.contains(":") else { return nil }
        } else {
            guard let colon = text.lastIndex(of: ":") else { return nil }
            host = text[..<colon]
            rest = text[text.index(after: colon)...]
            guard !host.contains(":") else { return nil }
        }
        guard Self.isValid(host: host), !rest.isEmpty, rest.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }),
            let port = Int(rest), (0...65535).contains(port)
        else { return nil }
        self.init(host: String(host), port: port)
    }

    /// Stands for the node that reads it: the node of an ``ActorAddress`` that names none, and of a system without a
    /// network. It is no address that one can connect to.
    public static let local = NodeAddress(host: "", port: 0)

    /// The most bytes of a host.
    package static let longestHost = 255

    private static func isValid(host: Substring) -> Bool {
        !host.isEmpty && host.utf8.count <= longestHost
            && host.unicodeScalars.allSatisfy { scalar in
                scalar.value > 0x20 && scalar.value != 0x7F && !"/@#[]?%".unicodeScalars.contains(scalar)
            }
    }

    /// Reads byte by byte, because every address received from another node passes here.
    private static func ipv4(_ host: String) -> UInt32? {
        guard host.utf8.count <= 15 else { return nil }
        var value: UInt32 = 0
        var number: UInt32 = 0
        var digits = 0
        var dots = 0
        for byte in host.utf8 {
            if byte == UInt8(ascii: ".") {
                guard digits > 0, dots < 3 else { return nil }
                value = value << 8 | number
                (number, digits, dots) = (0, 0, dots + 1)
            } else {
                guard byte >= 0x30, byte <= 0x39, digits < 3 else { return nil }
                number = number * 10 + UInt32(byte - 0x30)
                digits += 1
                guard number <= 255 else { return nil }
            }
        }
        return dots == 3 && digits > 0 ? value << 8 | number : nil
    }
}

extension NodeAddress {
    private enum CodingKeys: String, CodingKey {
        case host, port
    }

    /// Reads host and port.
    ///
    /// - Throws: `DecodingError` also where the host is not valid, or the port is outside 0…65535: values written by a
    ///   peer are checked here and nowhere later.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let host = try container.decode(String.self, forKey: .host)
        let port = try container.decode(Int.self, forKey: .port)
        guard Self.isValid(host: host[...]) else {
            throw DecodingError.dataCorruptedError(
                forKey: .host, in: container, debugDescription: "a host holds characters no host has, or too many")
        }
        guard (0...65_535).contains(port) else {
            throw DecodingError.dataCorruptedError(
                forKey: .port, in: container, debugDescription: "a port is 0 to 65535, not \(port)")
        }
        self.init(host: host, port: port)
    }
}

extension NodeAddress {
    /// Compares the numbers first: where they differ, no text is compared.
    public static func == (left: NodeAddress, right: NodeAddress) -> Bool {
        left.ipv4 == right.ipv4 && left.port == right.port && left.host == right.host
    }

    /// Hashes the numbers of the host where it has some, and its text otherwise.
    public func hash(into hasher: inout Hasher) {
        if let ipv4 { hasher.combine(ipv4) } else { hasher.combine(host) }
        hasher.combine(port)
    }
}

extension NodeAddress: Comparable {
    /// Compares by host, then port.
    public static func < (left: NodeAddress, right: NodeAddress) -> Bool {
        switch (left.ipv4, right.ipv4) {
        case (let a?, let b?) where a != b: return a < b
        default: break
        }
        if left.host != right.host {
            switch (left.ipv4, right.ipv4) {
            case (nil, .some): return false
            case (.some, nil): return true
            default: return left.host.utf8.lexicographicallyPrecedes(right.host.utf8)
            }
        }
        return left.port < right.port
    }
}

extension NodeAddress: CustomStringConvertible {
    /// `host:port`, the host of an IPv6 address in brackets; `local` for ``local``.
    public var description: String {
        if self == .local { return "local" }
        return host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]:\(port)" : "\(host):\(port)"
    }
}
