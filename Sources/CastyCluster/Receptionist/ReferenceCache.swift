import CastyActors
import CastyCore
import CastyMembership
import Synchronization

/// Makes references from the entries of listings. An entry that stays keeps its reference, and with it its route.
final class ReferenceCache<Message: Sendable>: Sendable {
    private struct Known: Hashable {
        let node: UniqueAddress
        let version: UInt64
    }

    private let system: ActorSystem
    private let key: ServiceKey<Message>
    private let known = Mutex<[Known: ActorRef<Message>]>([:])

    init(_ system: ActorSystem, _ key: ServiceKey<Message>) {
        self.system = system
        self.key = key
    }

    func listing(_ listed: [ListedService]) -> ServiceListing<Message> {
        let former = known.withLock { $0 }
        var present: [Known: ActorRef<Message>] = [:]
        present.reserveCapacity(listed.count)
        var all: [ActorRef<Message>] = []
        all.reserveCapacity(listed.count)
        for entry in listed {
            let id = Known(node: entry.node, version: entry.registration.version)
            let ref = former[id] ?? reference(to: entry)
            present[id] = ref
            all.append(ref)
        }
        known.withLock { $0 = present }
        let isReachable = listed.allSatisfy(\.isReachable)
        let reachable = isReachable ? all : zip(listed, all).filter { $0.0.isReachable }.map(\.1)
        return ServiceListing(key: key, all: all, reachable: reachable)
    }

    private func reference(to entry: ListedService) -> ActorRef<Message> {
        system.reference(
            to: ActorAddress(
                system: system.name, node: entry.node.address, path: entry.registration.path,
                uid: entry.registration.uid))
    }
}

/// One subscriber to the listings of a service.
struct ListingSubscription: Sendable {
    let service: ServiceID
    /// Called where no further listing comes because the node ends.
    let ended: @Sendable () -> Void
    let onListing: @Sendable ([ListedService]) -> Void
    /// The listing that was delivered last.
    var latest: [ListedService]?

    init(
        service: ServiceID, ended: @escaping @Sendable () -> Void,
        onListing: @escaping @Sendable ([ListedService]) -> Void
    ) {
        self.service = service
        self.ended = ended
        self.onListing = onListing
    }
}
