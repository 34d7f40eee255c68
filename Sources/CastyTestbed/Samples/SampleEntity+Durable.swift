import CastyActors
import CastyCore
import CastySharding

extension SampleEntity {
    /// The behavior of an account that the runtime saves. The time that a handler takes does not apply.
    func durable(_ entity: EntityContext, _ hooks: SampleHooks) -> Behavior<EntityCommand> {
        .setup { _ in
            try hooks.starting(entity)
            return .durable(entity, RemindedAccount()) { account, context, command in
                try hooks.handled(entity, command)
                // What was saved before: also by a save of unknown outcome of an earlier incarnation.
                for number in account.reminded { hooks.reminding(.counted(number, isAgain: false), entity) }
                try self.handle(command, &account, context, entity, hooks)
                return .same
            }
        }
    }

    private func handle(
        _ command: EntityCommand, _ account: inout RemindedAccount, _ context: ActorContext<EntityCommand>,
        _ entity: EntityContext, _ hooks: SampleHooks
    ) throws {
        if let reminder = AccountReminder(command.text) {
            let time = entity.wallTime + reminder.after
            try entity.remind("\(command.number)", at: time, reminder.command(command.number, at: time))
            // Leaves when the reminder is saved, as every message of a durable entity does.
            context.`self`.tell(EntityCommand(own: "accepted \(command.number) \(time.milliseconds)"))
            command.replyTo?.tell(EntityReply(String(account.balance)))
        } else if let due = DueReminder(command) {
            hooks.reminding(.came(due.number, isEarly: entity.wallTime < due.at), entity)
            if account.reminded.contains(due.number) {
                hooks.reminding(.counted(due.number, isAgain: true), entity)
            }
            account.balance += amount(of: due.text, account.balance)
            account.reminded.append(due.number)
            // The state is saved when this comes, and each message begins with what is saved.
            context.`self`.tell(EntityCommand(own: "counted"))
        } else if command.isOwn {
            let words = command.text.split(separator: " ")
            guard words.count == 3, let number = UInt64(words[1]), let time = Int64(words[2]) else { return }
            let left = WallTime(milliseconds: time) - entity.wallTime
            hooks.reminding(.accepted(number, after: max(left, .zero)), entity)
        } else {
            try change(&account.balance, command, entity, hooks)
        }
    }

    private func change(
        _ balance: inout Int, _ command: EntityCommand, _ entity: EntityContext, _ hooks: SampleHooks
    ) throws {
        switch apply(command.text, to: balance) {
        case .value(let new):
            balance = new
            command.replyTo?.tell(EntityReply(String(new)))
        case .explosion: throw SampleFailure("\(entity.id) got the message explode")
        case .refusal(let reason): command.replyTo?.tell(EntityReply(reason))
        case .misunderstood(let reason):
            hooks.misunderstood(entity, command)
            command.replyTo?.tell(EntityReply(reason))
        }
    }
}
