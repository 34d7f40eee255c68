/// The address of an actor: a system, a node, a path, and the number of the incarnation.
///
/// As text: `casty://system@host:port/user/cart/17#2a`, the number in hexadecimal. A segment may hold any text;
/// reserved characters of a URI are percent-encoded. Parsing a text that this type wrote gives the same address.
///
/// A local address names no node, `casty://system/user/cart/17`: it means the actor of the system that reads it, see
/// ``isLocal``.
///
/// Two addresses are equal when their node, path and number are equal. An actor that stopped and one that was started
/// later under the same path differ in their number, so a message for the first never reaches the second.
public struct ActorAddress: Hashable, Sendable {
    /// The name of the actor system.
    public let system: String
    /// The address of the node that hosts the actor; ``NodeAddress/local`` where the address names none.
    public let node: NodeAddress
    /// The names from the root down to the actor, at least one.
    public let path: [String]
    /// The incarnation of the actor. Zero stands for "the actor now running at this path"; only well-known system
    /// actors use it.
    public let uid: UInt64

    /// The most names in a path that may be sent to another node.
    package static let deepestPath = 64
    /// The most bytes of a name, or of a system's name, in an address that may be sent to another node.
    package static let longestName = 4096

    /// Whether every node can parse it. A peer closes the connection on which it receives an address that it cannot
    /// parse.
    package var mayTravel: Bool {
        !system.isEmpty && system.utf8.count <= Self.longestName && node.host.utf8.count <= NodeAddress.longestHost
            && (0...65_535).contains(node.port) && (1...Self.deepestPath).contains(path.count)
            && path.allSatisfy { (1...Self.longestName).contains($0.utf8.count) }
    }

    /// Creates an address.
    ///
    /// - Parameters:
    ///   - system: The name of the actor system; not empty.
    ///   - node: The address of the node.
    ///   - path: The names from the root down; at least one, none of them empty.
    ///   - uid: The number of the incarnation, or zero for a well-known system actor.
    public init(system: String, node: NodeAddress, path: [String], uid: UInt64) {
        self.system = system
        self.node = node
        self.path = path
        self.uid = uid
    }

    /// Creates a local address, for an actor of the system that reads it.
    ///
    /// - Parameters:
    ///   - system: The name of the actor system; not empty.
    ///   - path: The names from the root down; at least one, none of them empty.
    ///   - uid: The number of the incarnation, or zero for the one that runs there.
    public init(system: String, path: [String], uid: UInt64 = 0) {
        self.init(system: system, node: .local, path: path, uid: uid)
    }

    /// Whether it names no node.
    public var isLocal: Bool { node == .local }

    /// The same actor on a node.
    public func on(_ node: NodeAddress) -> ActorAddress {
        ActorAddress(system: system, node: node, path: path, uid: uid)
    }

    /// The path as text: `/user/cart/17`, percent-encoded.
    public var pathText: String { path.map { "/" + PercentCoding.encode($0) }.joined() }

    /// The address of a child.
    public func child(_ name: String, uid: UInt64) -> ActorAddress {
        ActorAddress(system: system, node: node, path: path + [name], uid: uid)
    }

    /// Compares node, path and number.
    public static func == (left: ActorAddress, right: ActorAddress) -> Bool {
        left.uid == right.uid && left.node == right.node && left.path == right.path
    }

    /// Hashes what equality compares.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(node)
        hasher.combine(path)
        hasher.combine(uid)
    }
}

extension ActorAddress: CustomStringConvertible {
    /// The address as a `casty://` URI.
    public var description: String {
        if let usualText { return usualText }
        var text = "casty://"
        text += PercentCoding.encode(system)
        if !isLocal {
            text += "@"
            text += node.description
        }
        for name in path {
            text += "/"
            text += PercentCoding.encode(name)
        }
        if uid != 0 {
            text += "#"
            text += String(uid, radix: 16)
        }
        return text
    }

    /// Reads a `casty://` URI.
    ///
    /// - Returns: `nil` where the text is not such a URI: another scheme, no system, an empty node, path or segment, a
    ///   bad percent code, or a number that is not hexadecimal.
    public init?(_ text: String) {
        if let usual = text.utf8.withContiguousStorageIfAvailable({ ActorAddress(usual: $0) }), let usual {
            self = usual
            return
        }
        let scheme = "casty://"
        guard text.hasPrefix(scheme) else { return nil }
        var rest = text.dropFirst(scheme.count)
        var uid: UInt64 = 0
        if let hash = rest.lastIndex(of: "#") {
            let digits = rest[rest.index(after: hash)...]
            guard !digits.hasPrefix("+"), let number = UInt64(digits, radix: 16), number != 0 else { return nil }
            uid = number
            rest = rest[..<hash]
        }
        guard let slash = rest.firstIndex(of: "/") else { return nil }
        let authority = rest[..<slash]
        let at = authority.firstIndex(of: "@")
        guard let system = PercentCoding.decode(authority[..<(at ?? authority.endIndex)]), !system.isEmpty else {
            return nil
        }
        var node = NodeAddress.local
        if let at {
            guard let named = NodeAddress(String(authority[authority.index(after: at)...])) else { return nil }
            node = named
        }
        var path: [String] = []
        for segment in rest[slash...].dropFirst().split(separator: "/", omittingEmptySubsequences: false) {
            guard let name = PercentCoding.decode(segment), !name.isEmpty else { return nil }
            path.append(name)
        }
        guard !path.isEmpty else { return nil }
        self.init(system: system, node: node, path: path, uid: uid)
    }
}

extension ActorAddress: Codable {
    /// Reads the address from text.
    public init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard let address = ActorAddress(text), address.mayTravel else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "not a casty:// address: \(text.prefix(200))"))
        }
        self = address
    }

    /// Writes the address as text.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
