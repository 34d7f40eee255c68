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
                entity, RemindedAccount(), events: EventForm<AccountChange>(manifest: "changed"), snapshots: .every(20)
            ) { account, _, command in
                try hooks.handled(entity, command)
                return try self.decide(account, command, entity, hooks)
            } apply: { account, change in
                account.balance += change.amount
                guard let number = change.reminder else { return }
                // Also when the entity recovers: then it is known that an append of unknown outcome has happened.
                hooks.reminding(.counted(number, isAgain: account.reminded.contains(number)), entity)
                account.reminded.append(number)
            }
        }
    }

    private func decide(
        _ account: RemindedAccount, _ command: EntityCommand, _ entity: EntityContext, _ hooks: SampleHooks
    ) throws -> EventEffect<RemindedAccount, AccountChange> {
        let reply = { (account: RemindedAccount) in
            command.replyTo?.tell(EntityReply(String(account.balance)))
        }
        if let reminder = AccountReminder(command.text) {
            let time = entity.wallTime + reminder.after
            try entity.remind("\(command.number)", at: time, reminder.command(command.number, at: time))
            return .none.then { account in
                hooks.saved(entity)
                hooks.reminding(.accepted(command.number, after: reminder.after), entity)
                reply(account)
            }
        }
        if let due = DueReminder(command) {
            hooks.reminding(.came(due.number, isEarly: entity.wallTime < due.at), entity)
            return .persist(AccountChange(amount: amount(of: due.text, account.balance), reminder: due.number))
        }
        switch apply(command.text, to: account.balance) {
        case .value(account.balance): reply(account)
        case .value(let new):
            return .persist(AccountChange(amount: new - account.balance)).then { account in
                hooks.saved(entity)
                reply(account)
            }
        case .explosion: throw SampleFailure("\(entity.id) got the message explode")
        case .refusal(let reason): command.replyTo?.tell(EntityReply(reason))
        case .misunderstood(let reason):
            hooks.misunderstood(entity, command)
            command.replyTo?.tell(EntityReply(reason))
        }
        return .none
    }

    /// By how much a command changes a balance; zero where it is refused.
    func amount(of text: String, _ balance: Int) -> Int {
        if case .value(let new) = apply(text, to: balance) { new - balance } else { 0 }
    }
}
