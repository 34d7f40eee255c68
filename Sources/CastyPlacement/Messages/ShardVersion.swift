package import CastyCore

/// Identifies one start of a coordinator: its member's up-number, and which of its starts this is.
///
/// A younger member that takes over has a higher up-number, so epochs only grow. A region that has seen an epoch
/// refuses all lower ones.
package struct CoordinatorEpoch: Hashable, Sendable, Comparable {
    package var upNumber: Int
    package var start: Int

    package init(upNumber: Int, start: Int) {
        self.upNumber = upNumber
        self.start = start
    }

    /// Lower than the epoch of any coordinator.
    package static let none = CoordinatorEpoch(upNumber: 0, start: 0)

    package static func < (left: Self, right: Self) -> Bool {
        (left.upNumber, left.start) < (right.upNumber, right.start)
    }
}

/// The version of a shard's ownership, or of a handoff: the coordinator's epoch, and a sequence number within it.
package struct ShardVersion: Hashable, Sendable, Comparable {
    package var epoch: CoordinatorEpoch
    package var sequence: UInt64

    package init(epoch: CoordinatorEpoch, sequence: UInt64) {
        self.epoch = epoch
        self.sequence = sequence
    }

    /// Lower than the version of any ownership.
    package static let none = ShardVersion(epoch: .none, sequence: 0)

    package static func < (left: Self, right: Self) -> Bool {
        left.epoch != right.epoch ? left.epoch < right.epoch : left.sequence < right.sequence
    }
}

/// The home of a shard, and the decision that assigned it.
package struct ShardHome: Hashable, Sendable {
    package var shard: Int
    package var node: UniqueAddress
    package var version: ShardVersion

    package init(shard: Int, node: UniqueAddress, version: ShardVersion) {
        self.shard = shard
        self.node = node
        self.version = version
    }
}

/// A shard and the version of its ownership.
package struct VersionedShard: Hashable, Sendable {
    package var shard: Int
    package var version: ShardVersion

    package init(shard: Int, version: ShardVersion) {
        self.shard = shard
        self.version = version
    }
}

extension CoordinatorEpoch: CustomStringConvertible {
    package var description: String { "\(upNumber).\(start)" }
}

extension ShardVersion: CustomStringConvertible {
    package var description: String { "\(epoch)/\(sequence)" }
}
