package import CastyLive

/// How the connections of a node are protected.
///
/// The product `CastyTLS` adds `.mutual(certificate:key:trust:)` and `.sharedSecret(file:)`. All nodes of a cluster, and
/// the programs that talk to them, need the same kind.
public struct ConnectionSecurity: Sendable {
    private enum Kind: Sendable {
        case loopbackOnly
        case insecure
        case protected(@Sendable () throws -> any ConnectionProtection)
    }

    private let kind: Kind

    private init(kind: Kind) {
        self.kind = kind
    }

    /// Connections are protected by what the closure makes, when the node is made.
    package init(_ make: @escaping @Sendable () throws -> any ConnectionProtection) {
        kind = .protected(make)
    }

    /// They are not, and the node listens only where no other machine can connect: an address of the loopback network.
    public static let loopbackOnly = ConnectionSecurity(kind: .loopbackOnly)

    /// They are not, and the node may listen anywhere: every process that can connect can read and send everything. For networks
    /// that are protected otherwise.
    public static let insecure = ConnectionSecurity(kind: .insecure)

    /// Whether the node may listen where other machines can connect.
    package var allowsOthers: Bool {
        switch kind {
        case .loopbackOnly: false
        case .insecure, .protected: true
        }
    }

    /// What protects the connections; `nil` for nothing.
    ///
    /// - Throws: What is wrong with the credentials.
    package func protection() throws -> (any ConnectionProtection)? {
        switch kind {
        case .loopbackOnly, .insecure: nil
        case .protected(let make): try make()
        }
    }
}
