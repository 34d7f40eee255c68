import CastyActors
import CastyCore

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

extension LossReason {
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

    /// Whether a mailbox refused the message itself, although its actor runs.
    var concernsMessage: Bool {
        switch self {
        case .mailboxFull, .bufferFull, .undecodable: true
        case .noSuchActor, .wrongIncarnation, .unreachable, .lateReply, .handoff, .notHosted, .noHome, .wrongHome,
            .late, .notMember, .shutdown, .unhandled, .entityFailed, .storeFailed:
            false
        }
    }

    /// For the asker: what became of the message.
    var explanation: String {
        switch self {
        case .noSuchActor: "its entity had ended"
        case .wrongIncarnation: "it was for an earlier incarnation of the node"
        case .mailboxFull: "the mailbox is full"
        case .undecodable: "the receiver takes another type"
        case .unreachable: "the node cannot be reached"
        case .bufferFull: "too many messages wait for a home"
        case .lateReply: "the ask has ended"
        case .handoff: "its shard was handed off before the entity handled it"
        case .notHosted: "the type is not hosted"
        case .noHome: "no node could host it in time"
        case .wrongHome: "two nodes returned it that are not its home"
        case .late: "it came over a node that had been given up"
        case .notMember: "it came from a node that is not a member"
        case .shutdown: "the node is shutting down"
        case .unhandled: "the actor has no handler for it"
        case .entityFailed: "the entity fails whenever it starts"
        case .storeFailed: "the store cannot record that the entity runs"
        }
    }
}
