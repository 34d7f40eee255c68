package import CastyCore

/// An operator's command that the coordinator has not answered.
struct PendingCommand: Hashable, Sendable {
    let id: UInt64
    let command: OperatorCommand
    /// Its sender is told by then that there is no answer.
    let deadline: Instant
    /// When it is said again; `nil` until there is a coordinator to say it to.
    var repeatAt: Instant?
}

extension Region {
    /// An operator's command, for the coordinator; the answer comes as ``RegionNote/answer(id:_:)``, within
    /// ``PlacementSettings/commandBound``.
    ///
    /// A coordinator that ends before it has answered leaves the command to the next one: all commands may be carried out twice.
    package mutating func onCommand(_ command: OperatorCommand, id: UInt64, at now: Instant) -> Effects {
        var effects: Effects = []
        commands.append(
            PendingCommand(id: id, command: command, deadline: now + settings.commandBound, repeatAt: nil))
        sendCommands(at: now, &effects)
        wake(by: now + settings.commandBound)
        return effects
    }

    /// Says the commands that this coordinator has not been told.
    mutating func sendCommands(at now: Instant, _ effects: inout Effects) {
        guard isRegistered else { return }
        for index in commands.indices where commands[index].repeatAt.map({ $0 <= now }) ?? true {
            commands[index].repeatAt = now + settings.commandRetry
            request(.command(id: commands[index].id, commands[index].command), &effects)
            wake(by: now + settings.commandRetry)
        }
    }

    /// A new coordinator knows nothing of what the one before was told.
    mutating func repeatCommands() { for index in commands.indices { commands[index].repeatAt = nil } }

    mutating func answered(_ id: UInt64, _ answer: CommandAnswer, at now: Instant, _ effects: inout Effects) {
        guard let index = commands.firstIndex(where: { $0.id == id }) else { return }
        if case .refused(.noCoordinator) = answer {
            // It has no lease at present, or waits for other regions: it is asked again, or its successor is.
            commands[index].repeatAt = now + settings.retry
            return wake(by: now + settings.retry)
        }
        commands.remove(at: index)
        note(.answer(id: id, answer), &effects)
    }

    /// Gives up what has waited for long enough, and says again what may have been lost.
    mutating func followCommands(at now: Instant, _ effects: inout Effects) {
        for command in commands where command.deadline <= now {
            let refusal = command.repeatAt == nil ? CommandRefusal.noCoordinator : .noAnswer
            note(.answer(id: command.id, .refused(refusal)), &effects)
        }
        commands.removeAll { $0.deadline <= now }
        sendCommands(at: now, &effects)
        // Before it is registered a region says nothing; it says what has waited when it is.
        for command in commands {
            wake(by: isRegistered ? min(command.deadline, command.repeatAt ?? command.deadline) : command.deadline)
        }
    }
}
