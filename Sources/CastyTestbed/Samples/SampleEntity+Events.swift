import CastyActors
import CastyCore
import CastySerialization
import CastySharding

extension SampleEntity {
    /// The behavior of an account whose balance is made of events. The time that a handler takes does not apply: it
    /// decides at once.
    func eventSourced(_ entity: EntityContext, _ hooks: SampleHooks) -> Behavior<EntityCommand> {
        .setup { _ in
            try hooks.starting(entity)
            return .eventSourced(
                entity, 0, events: EventForm<Int>(manifest: "changed"), snapshots: .every(20)
            ) { balance, _, command in
                try hooks.handled(entity, command)
                switch self.apply(command.text, to: balance) {
                case .value(balance):
                    command.replyTo?.tell(EntityReply(String(balance)))
                    return .none
                case .value(let new):
                    return .persist(new - balance).then {
                        hooks.saved(entity)
                        command.replyTo?.tell(EntityReply(String($0)))
                    }
                case .explosion: throw SampleFailure("\(entity.id) got the message explode")
                case .refusal(let reason): command.replyTo?.tell(EntityReply(reason))
                case .misunderstood(let reason):
                    hooks.misunderstood(entity, command)
                    command.replyTo?.tell(EntityReply(reason))
                }
                return .none
            } apply: { balance, change in
                balance += change
            }
        }
    }
}
