import CastyCore
import FoundationEssentials

/// What the processes of a cluster know, and others do not.
///
/// One secret lets nodes in. Two more may be given to programs that are no nodes: who knows the one to operate may send
/// messages to entities, who knows the one to observe sees what nodes show of themselves.
///
/// Who watches or tries connections must not be able to guess a secret. Let it be random:
/// `openssl rand -base64 32 > secret`.
public struct SharedSecret: Sendable {
    /// The bytes that a secret may have: at least 16, at most 256.
    public static let sizes = 16...256

    let bytes: [PeerAuthentication.Capability: [UInt8]]

    /// The strongest of them, which this process uses where it begins a connection.
    var strongest: PeerAuthentication.Capability { bytes.keys.max() ?? .observe }

    /// Takes the secrets that a process knows, at least one.
    ///
    /// - Parameters:
    ///   - member: Lets nodes in.
    ///   - operate: Lets clients send messages to entities.
    ///   - observe: Lets observers in.
    /// - Throws: ``SecretError`` where there is none, one is too short or too long, or two are alike.
    public init(member: [UInt8]?, operate: [UInt8]? = nil, observe: [UInt8]? = nil) throws(SecretError) {
        var bytes: [PeerAuthentication.Capability: [UInt8]] = [:]
        for (capability, secret) in [(.member, member), (.operate, operate), (.observe, observe)]
            as [(PeerAuthentication.Capability, [UInt8]?)]
        {
            guard let secret else { continue }
            guard Self.sizes.contains(secret.count) else {
                throw SecretError(
                    "the secret to \(capability.verb) has \(secret.count) bytes: it needs \(Self.sizes.lowerBound) to "
                        + "\(Self.sizes.upperBound), as of openssl rand -base64 32")
            }
            guard !bytes.values.contains(secret) else {
                throw SecretError(
                    "the secret to \(capability.verb) is that for another purpose too: each needs its own")
            }
            bytes[capability] = secret
        }
        guard !bytes.isEmpty else { throw SecretError("there is no secret") }
        self.bytes = bytes
    }

    /// Reads a file: a line with a secret for nodes, or up to three lines, each with a word and a secret.
    ///
    /// ```
    /// member 3q2+7wE0T2uP…
    /// operate kZ0rQm…
    /// observe n5pV1x…
    /// ```
    ///
    /// Empty lines and lines that begin with `#` are skipped. A program that is no node gets a file with its line only.
    ///
    /// - Throws: ``SecretError`` where the file cannot be read, or holds something else.
    public init(contentsOf file: String) throws(SecretError) {
        let data: Data
        do {
            data = try Data(contentsOf: URL(fileURLWithPath: file))
        } catch {
            throw SecretError("\(file) cannot be read")
        }
        guard data.count <= 1 << 16, let text = String(data: data, encoding: .utf8) else {
            throw SecretError("\(file) is no file of lines of text")
        }
        do {
            try self.init(text: text)
        } catch {
            throw SecretError("\(file): \(error.message)")
        }
    }

    init(text: String) throws(SecretError) {
        var found: [PeerAuthentication.Capability: [UInt8]] = [:]
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let words = line.split(whereSeparator: \.isWhitespace)
            guard let first = words.first, first.first != "#" else { continue }
            let capability: PeerAuthentication.Capability
            switch (words.count, first) {
            case (1, _), (2, "member"): capability = .member
            case (2, "operate"): capability = .operate
            case (2, "observe"): capability = .observe
            default:
                throw SecretError("line \(index + 1) is neither a secret nor member, operate or observe and a secret")
            }
            guard found[capability] == nil else {
                throw SecretError("line \(index + 1) is a second secret to \(capability.verb)")
            }
            found[capability] = Array(words[words.count - 1].utf8)
        }
        try self.init(member: found[.member], operate: found[.operate], observe: found[.observe])
    }
}

extension SharedSecret: CustomStringConvertible, CustomReflectable {
    /// Says nothing about the bytes, so that no log holds them.
    public var description: String { "a shared secret" }

    /// Shows no bytes.
    public var customMirror: Mirror { Mirror(self, children: []) }
}

/// Why a secret cannot be used.
public struct SecretError: Error, Hashable, CustomStringConvertible {
    /// For a person. Holds no part of a secret.
    public let message: String

    init(_ message: String) {
        self.message = message
    }

    /// The message.
    public var description: String { message }
}

extension PeerAuthentication.Capability {
    /// What it allows, as a verb.
    var verb: String {
        switch self {
        case .observe: "observe"
        case .operate: "operate"
        case .member: "join"
        }
    }
}
