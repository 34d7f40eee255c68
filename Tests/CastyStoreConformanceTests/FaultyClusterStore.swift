import CastyCluster
import CastyCore
import Synchronization

/// What a store that belongs to one cluster does wrong.
enum ClusterFault: String, Sendable, CaseIterable {
    case none
    case eachOpenerHasItsOwnIdentity
    case doesNotSayWhoHasTakenIt
    case takesEveryCluster
    case ignoresNames
    case looksBeforeItTakes
}

/// A store in memory that belongs to one cluster, and is right but for one fault.
final class FaultyClusterStore: ClusterStore {
    /// What the openers share.
    final class Medium: Sendable {
        struct Owner: Hashable {
            let id: ClusterID
            let name: String
        }

        let fault: ClusterFault
        let owner = Mutex<Owner?>(nil)
        let openings = Mutex(0)

        init(_ fault: ClusterFault) { self.fault = fault }

        func open() -> FaultyClusterStore {
            let number = openings.withLock { openings in
                openings += 1
                return openings
            }
            return FaultyClusterStore(self, number: number)
        }
    }

    private let medium: Medium
    private let number: Int
    /// Who had taken the store when it was opened.
    private let seen: Medium.Owner?

    init(_ medium: Medium, number: Int) {
        (self.medium, self.number) = (medium, number)
        seen = medium.owner.withLock { $0 }
    }

    var identity: String { medium.fault == .eachOpenerHasItsOwnIdentity ? "memory \(number)" : "memory" }

    func recallCluster(name: String) throws -> ClusterID? {
        guard let owner = medium.owner.withLock({ $0 }), medium.fault != .doesNotSayWhoHasTakenIt else { return nil }
        guard owner.name == name || medium.fault == .ignoresNames else {
            throw ClusterMemoryError("it belongs to \(owner.name), not to \(name)", code: .otherCluster)
        }
        return owner.id
    }

    func belong(to id: ClusterID, name: String) throws {
        try medium.owner.withLock { owner in
            let known = medium.fault == .looksBeforeItTakes ? seen : owner
            let isSame = known.map { known in
                known.id == id && (known.name == name || medium.fault == .ignoresNames)
            }
            guard isSame ?? true || medium.fault == .takesEveryCluster else {
                throw ClusterMemoryError("it belongs to another cluster", code: .otherCluster)
            }
            owner = Medium.Owner(id: id, name: name)
        }
    }
}
