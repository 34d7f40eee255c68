package import CastyCore

/// How far the sender's copy of one node's log is.
package struct KnownVersion: Hashable, Sendable {
    package let node: UniqueAddress
    package let version: UInt64

    package init(node: UniqueAddress, version: UInt64) {
        self.node = node
        self.version = version
    }
}

/// Some changes of a log, in one message: all of those with a number above `after`, up to `through`.
package struct RegistrationChanges: Hashable, Sendable {
    package var after: UInt64
    package var through: UInt64
    /// Those that the sender still has, by version.
    package var added: [Registration]
    /// By the number of the removal.
    package var removed: [RegistrationRemoval]

    package init(
        after: UInt64, through: UInt64, added: [Registration] = [], removed: [RegistrationRemoval] = []
    ) {
        self.after = after
        self.through = through
        self.added = added
        self.removed = removed
    }
}

/// Some registrations of a log, in one message: all of version `asOf` that were added after `after`, up to `through`.
package struct RegistrationState: Hashable, Sendable {
    package var asOf: UInt64
    package var after: UInt64
    package var through: UInt64
    package var registrations: [Registration]

    package init(asOf: UInt64, after: UInt64, through: UInt64, registrations: [Registration] = []) {
        self.asOf = asOf
        self.after = after
        self.through = through
        self.registrations = registrations
    }
}

/// The messages between the service registries of two nodes.
///
/// ```
///   status ──▶ versions ──▶ want ──▶ changes, or pages of the state ──▶ want …
///                 └──▶ versions (answer) ──▶ want …
/// ```
package enum ServiceRegistryMessage: Hashable, Sendable {
    /// Which versions the answer to ``versions(_:_:)`` compares, and whether there is one.
    package enum Scope: UInt8, Hashable, Sendable, CaseIterable {
        /// These are all that the sender has.
        case all = 1
        /// The sender asks about these only.
        case some
        /// These are the answer: those in which the receiver is behind.
        case answer
    }

    /// A hash of all that the sender has.
    case status(UInt64)
    case versions([KnownVersion], Scope)
    /// Asks for the changes of these nodes after these versions.
    case want([KnownVersion])
    /// Asks for the next pages of a state.
    case wantState(owner: UniqueAddress, asOf: UInt64, after: UInt64)
    /// - `isLast`: No further page follows by itself; `latest` says whether there is more to ask for.
    case changes(owner: UniqueAddress, RegistrationChanges, latest: UInt64, isLast: Bool)
    case state(owner: UniqueAddress, RegistrationState, isLast: Bool)
}

/// What the shell of a service registry carries out.
package enum ServiceRegistryEffect: Hashable, Sendable {
    case send(ServiceRegistryMessage, to: UniqueAddress)
    /// Call ``ServiceRegistry/onFlush(at:)`` after this time, which may be zero.
    case flush(after: Duration)
    /// The listings of these services may differ from before; `nil` for all services.
    case changed([ServiceID]?)
}
