import CastyCore
import CastyPlacement
import Synchronization

/// The routes of all shards of one type on one node.
final class ShardRoutes: Sendable {
    private let slots: [ShardSlot]
    /// The shards whose entities were used since the region last learned of it.
    private let used = Mutex<[Int]>([])
    private let hasUses = Atomic<Bool>(false)
    /// The members, and the number of the view that they are of; 0 before the first.
    private let members = Mutex<[UniqueAddress]>([])
    private let view = Atomic<UInt64>(0)

    init(count: Int) {
        slots = (0..<count).map { ShardSlot($0) }
    }

    /// The slots of all shards.
    var all: [ShardSlot] { slots }

    /// The slot of a shard; `nil` where there is no such shard.
    subscript(shard: Int) -> ShardSlot? { slots.indices.contains(shard) ? slots[shard] : nil }

    /// A shard is used for the first time since the region learned of its use.
    func note(used shard: Int) {
        used.withLock { $0.append(shard) }
        hasUses.store(true, ordering: .relaxed)
    }

    /// Whether entities were used since the region last learned of it.
    var hasNewUses: Bool { hasUses.load(ordering: .relaxed) }

    /// What the entities here were used for since the last call, in the order of their last use.
    func takeUses() -> [EntityUse] {
        let shards = used.withLock { used in
            hasUses.store(false, ordering: .relaxed)
            defer { used = [] }
            return used
        }
        return shards.flatMap { slots[$0].takeUses() }.sorted {
            ($0.lastUsed, $0.instance.entity) < ($1.lastUsed, $1.instance.entity)
        }
    }

    /// The region knows these members from now on, and has handled what had come from them before.
    func follow(_ nodes: [UniqueAddress]) {
        members.withLock { $0 = nodes.sorted() }
        view.wrappingAdd(1, ordering: .acquiringAndReleasing)
    }

    /// Whether the sender of an envelope is a member in the region's view.
    func isMember(_ head: EnvelopeHead) -> Bool {
        let number = view.load(ordering: .acquiring)
        if number > 0, head.memberOfView.load(ordering: .relaxed) == number { return true }
        guard number > 0, members.withLock({ $0.sortedContains(head.from) }) else { return false }
        head.memberOfView.store(number, ordering: .relaxed)
        return true
    }
}
