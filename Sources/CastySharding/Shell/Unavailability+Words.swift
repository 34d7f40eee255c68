import CastyActors
import CastyCore
import CastyObservability

extension AskError.Code {
    /// The error for an asker whose entity or singleton is not available.
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
    /// The ledger's reason for a question that was not answered because of `cause`.
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
