package import CastyCore

/// What a service is found by: its name, and the name of the messages that its actors take.
package struct ServiceID: Hashable, Sendable {
    package let name: String
    package let type: String

    package init(name: String, type: String) {
        self.name = name
        self.type = type
    }
}

extension ServiceID: Comparable {
    /// Compares by name, then type.
    package static func < (left: ServiceID, right: ServiceID) -> Bool {
        left.name != right.name ? left.name < right.name : left.type < right.type
    }
}

/// One actor of one node, registered under one service.
package struct Registration: Hashable, Sendable {
    /// The number of the change of its node's log that added it. No other registration of the node has it.
    package let version: UInt64
    package let service: ServiceID
    /// The path of the actor.
    package let path: [String]
    /// The incarnation of the actor.
    package let uid: UInt64

    package init(version: UInt64, service: ServiceID, path: [String], uid: UInt64) {
        self.version = version
        self.service = service
        self.path = path
        self.uid = uid
    }

    /// About how many bytes it takes in a message, at most.
    package var size: Int {
        path.reduce(32 + service.name.utf8.count + service.type.utf8.count) { $0 + $1.utf8.count + 3 }
    }
}

/// The end of a registration.
package struct RegistrationRemoval: Hashable, Sendable {
    /// The number of the change that removed it.
    package let at: UInt64
    /// The version of the removed registration.
    package let of: UInt64

    package init(at: UInt64, of: UInt64) {
        self.at = at
        self.of = of
    }
}

/// One entry of a listing: a registration, its node, and whether that node can be reached.
package struct ListedService: Hashable, Sendable {
    package let node: UniqueAddress
    package let registration: Registration
    package let isReachable: Bool
}

/// A node whose registrations a registry holds.
package struct ServiceNode: Hashable, Sendable {
    package let node: UniqueAddress
    /// Whether listings contain it: it is up, or weakly up.
    package let isListed: Bool
    /// Whether no member reports it as unreachable.
    package let isReachable: Bool

    package init(node: UniqueAddress, isListed: Bool, isReachable: Bool) {
        self.node = node
        self.isListed = isListed
        self.isReachable = isReachable
    }
}
