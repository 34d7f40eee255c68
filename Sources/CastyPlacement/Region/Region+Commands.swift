package import CastyCore

/// An operator's command that the coordinator has not answered.
struct PendingCommand: Hashable, Sendable {
    let id: UInt64
    let command: OperatorCommand
    /// By then its sender is notified that there is no answer.
    let deadline: Instant
    /// When it is resent; `nil` until there is a coordinator to send it to.
    var repeatAt: Instant?
}

extension Region {
    /// Accepts an operator's command for the coordinator; the answer comes as ``RegionNote/answer(id:_:)``, within
    /// ``PlacementSettings/commandBound``.
    ///
    /// If a coordinator ends before it answers, the region sends the command to the next one: any command may be
    /// executed twice.
    package mutating func onCommand(_ command: OperatorCommand, id: UInt64, at now: Instant) -> Effects {
        var effects: Effects = []
        if let shard = command.shard, !(0..<settings.shardCount).contains(shard) {
            // All nodes agree on the number of shards, and no message holds a negative one.
            note(.answer(id: id, .refused(.noSuchShard)), &effects)
            return effects
        }
        coordination.commands.append(
            PendingCommand(id: id, command: command, deadline: now + settings.commandBound, repeatAt: nil))
        sendCommands(at: now, &effects)
        wake(by: now + settings.commandBound)
        return effects
    }

    /// Sends the commands that this coordinator has not been sent, and those due for a retry.
    mutating func sendCommands(at now: Instant, _ effects: inout Effects) {
        guard coordination.isRegistered else { return }
        for index in coordination.commands.indices
        where coordination.commands[index].repeatAt.map({ $0 <= now }) ?? true {
            coordination.commands[index].repeatAt = now + settings.commandRetry
            request(.command(id: coordination.commands[index].id, coordination.commands[index].command), &effects)
            wake(by: now + settings.commandRetry)
        }
    }

    mutating func answered(_ id: UInt64, _ answer: CommandAnswer, at now: Instant, _ effects: inout Effects) {
        guard let index = coordination.commands.firstIndex(where: { $0.id == id }) else { return }
        if case .refused(.noCoordinator) = answer {
            // The coordinator has no lease at present, or waits for other regions: the command is resent to it or to
            // its successor.
            coordination.commands[index].repeatAt = now + settings.retry
            return wake(by: now + settings.retry)
        }
        coordination.commands.remove(at: index)
        note(.answer(id: id, answer), &effects)
    }

    /// Gives up commands that are past their deadline, and resends those that may have been lost.
    mutating func followCommands(at now: Instant, _ effects: inout Effects) {
        for command in coordination.commands where command.deadline <= now {
            let refusal = command.repeatAt == nil ? CommandRefusal.noCoordinator : .noAnswer
            note(.answer(id: command.id, .refused(refusal)), &effects)
        }
        coordination.commands.removeAll { $0.deadline <= now }
        sendCommands(at: now, &effects)
        // Before it is registered, a region sends no commands; it sends the waiting ones once it is.
        for command in coordination.commands {
            wake(
                by: coordination.isRegistered
                    ? min(command.deadline, command.repeatAt ?? command.deadline) : command.deadline)
        }
    }
}
