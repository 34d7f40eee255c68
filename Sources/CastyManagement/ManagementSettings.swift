import CastyCore
import CastyLive
public import Logging

/// How a ``ManagementServer`` listens, and what it allows.
public struct ManagementSettings: Sendable {
    /// Where it listens, as `host:port`. Port 0 takes a free one.
    public var bind = "127.0.0.1:8558"
    /// Whether it may listen where other machines can connect, though nothing encrypts what is sent: for networks that
    /// are protected otherwise. All who connect may read; only those who have the ``token`` may change anything.
    public var insecure = false
    /// What operators present to change anything. Without one, nothing can be changed.
    public var token: ManagementToken?
    /// The metrics that `/metrics` shows. The node reports to them, unless it reports elsewhere already.
    public var metrics = PrometheusMetrics()
    /// The pause between two reports of the node's metrics; at least 10 ms.
    public var reportInterval = Duration.seconds(1)
    /// The most connections at one time, 1…10,000. A further one takes the room of an idle one; where all are in use, it
    /// may only ask `/live` and `/ready`.
    public var connectionLimit = 128
    /// The most of these connections from one source, 1…10,000: an IPv4 address, or an IPv6 network of 64 bits.
    public var connectionsPerSource = 32
    /// The names under which clients may address the server, besides `localhost`, numeric addresses, and the hosts that it
    /// binds and the node advertises; `*` for any. The header `Host` of a request is compared, so that no page of another
    /// site can read what the server shows by letting a name of its own point here.
    public var hosts: [String] = []
    /// How long a client may take to send a request, and to read the answer; above zero. After that its connection is
    /// closed, as is one that asks nothing for so long.
    public var clientTimeout = Duration.seconds(15)
    /// The logger.
    public var log = Logger(label: "casty.management")

    init() {}

    /// The address to listen on.
    func checked() throws(ManagementError) -> NodeAddress {
        guard let address = NodeAddress(bind)?.canonical else {
            throw ManagementError(.badSetting, "bind is host:port, as 127.0.0.1:8558, not \"\(bind.prefix(80))\"")
        }
        guard address.isLoopback || insecure else {
            throw ManagementError(
                .badSetting,
                "bind \(address) is reached by other machines, and nothing encrypts what is sent: set insecure = true, or bind 127.0.0.1"
            )
        }
        guard (1...10_000).contains(connectionLimit) else {
            throw ManagementError(.badSetting, "connectionLimit is 1…10000, not \(connectionLimit)")
        }
        guard (1...10_000).contains(connectionsPerSource) else {
            throw ManagementError(.badSetting, "connectionsPerSource is 1…10000, not \(connectionsPerSource)")
        }
        guard hosts.allSatisfy({ !$0.isEmpty && $0.utf8.count <= 255 }) else {
            throw ManagementError(.badSetting, "each of hosts has 1 to 255 bytes")
        }
        guard clientTimeout > .zero, clientTimeout <= .seconds(86_400) else {
            throw ManagementError(.badSetting, "clientTimeout is above zero and at most a day, not \(clientTimeout)")
        }
        return address
    }
}

/// A secret that operators present as `Authorization: Bearer …`.
public struct ManagementToken: Sendable {
    /// The fewest bytes of a token.
    public static let shortest = 16
    private let bytes: [UInt8]

    /// Takes a token.
    ///
    /// - Throws: ``ManagementError`` where it is shorter than ``shortest`` bytes, or holds a character that no header
    ///   may have.
    public init(_ text: some StringProtocol) throws(ManagementError) {
        bytes = Array(text.utf8)
        guard bytes.count >= Self.shortest, bytes.count <= 4096 else {
            throw ManagementError(.badSetting, "a token has \(Self.shortest) to 4096 bytes, not \(bytes.count)")
        }
        guard bytes.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw ManagementError(.badSetting, "a token holds visible ASCII characters only, and no blanks")
        }
    }

    /// Whether a client has presented it. Takes the same time wherever the first difference is.
    func matches(_ presented: some Collection<UInt8>) -> Bool {
        var difference = UInt8(presented.count == bytes.count ? 0 : 1)
        for (index, byte) in presented.prefix(8192).enumerated() { difference |= byte ^ bytes[index % bytes.count] }
        return difference == 0
    }
}

/// What is printed, dumped or logged shows nothing of the secret.
extension ManagementToken: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Says that it is a token, and nothing of it.
    public var description: String { "ManagementToken(hidden)" }
    /// The same as ``description``.
    public var debugDescription: String { description }
    /// A mirror without children.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
