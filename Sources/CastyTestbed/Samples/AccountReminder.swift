import CastyCore

/// `remind 5 deposit 10`: in five seconds, the account tells itself to deposit 10.
struct AccountReminder {
    let after: Duration
    let text: String

    /// Parses a command; `nil` for any other.
    init?(_ text: String) {
        let words = text.split(separator: " ", maxSplits: 2)
        guard words.count == 3, words[0] == "remind", let seconds = Int64(words[1]), (0...1_000_000).contains(seconds)
        else { return nil }
        after = .seconds(seconds)
        self.text = String(words[2])
    }

    /// The command that comes then: `due NUMBER TIME COMMAND`.
    func command(_ number: UInt64, at time: WallTime) -> EntityCommand {
        EntityCommand(own: "due \(number) \(time.milliseconds) \(text)")
    }
}

/// A reminder that has come.
struct DueReminder {
    let number: UInt64
    let at: WallTime
    let text: String

    /// Parses what an account has told itself; `nil` for anything else.
    init?(_ command: EntityCommand) {
        let words = command.text.split(separator: " ", maxSplits: 3)
        guard command.isOwn, words.count == 4, words[0] == "due", let number = UInt64(words[1]),
            let time = Int64(words[2])
        else { return nil }
        (self.number, at, text) = (number, WallTime(milliseconds: time), String(words[3]))
    }
}

/// The state of an account that can be reminded.
struct RemindedAccount: Codable, Sendable, Equatable {
    var balance = 0
    /// The numbers of the reminders that have come, in order.
    var reminded: [UInt64] = []
}

/// A change of such an account.
struct AccountChange: Codable, Sendable {
    var amount: Int
    /// The reminder that has made it.
    var reminder: UInt64?
}
