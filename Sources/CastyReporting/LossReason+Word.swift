public import CastyCore

extension LossReason {
    /// The reason in JSON.
    public var word: String {
        switch self {
        case .noSuchActor: "no such actor"
        case .wrongIncarnation: "wrong incarnation"
        case .mailboxFull: "mailbox full"
        case .undecodable: "undecodable"
        case .unreachable, .wrongHome, .late, .notMember: "unreachable"
        case .bufferFull: "buffer full"
        case .lateReply: "late reply"
        case .handoff: "handoff"
        case .notHosted: "not hosted"
        case .noHome: "no home"
        case .shutdown: "shutdown"
        case .unhandled: "unhandled"
        case .entityFailed: "entity failed"
        case .storeFailed: "store failed"
        }
    }
}
