import CastyActors
import CastyCore
import CastyObservability

extension AskError.Code {
    /// What an asker is told where an entity or a singleton is not available.
    init(_ cause: Unavailability) {
        switch cause {
        case .nodeRemoved: self = .nodeRemoved
        case .nodeUnreachable, .coordinatorUnreachable: self = .unreachable
        case .waitsForLease, .coordinatorWaits, .noNodeWithRole, .noNode, .noHost, .allUnreachable, .allRefuse,
            .tooFewNodes:
            self = .noHome
        case .notHosted, .shardCountDiffers: self = .notHosted
        }
    }
}

extension CastyObservability.LossReason {
    /// How the ledger counts a question that was not answered because of it.
    init(_ cause: Unavailability) {
        switch cause {
        case .nodeRemoved, .nodeUnreachable, .coordinatorUnreachable: self = .unreachable
        case .waitsForLease, .coordinatorWaits, .noNodeWithRole, .noNode, .noHost, .allUnreachable, .allRefuse,
            .tooFewNodes:
            self = .noHome
        case .notHosted, .shardCountDiffers: self = .notHosted
        }
    }
}
