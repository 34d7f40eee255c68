import ArgumentParser
import CastyCore
import CastySharding

/// `casty drain`: empties a node.
struct DrainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drain", abstract: "Move all shards off a node, and give it none.",
        discussion: """
            Lasts until casty undrain, or until the node is started again. Returns when the moves have begun; casty shards shows when they are done. \
            Exits with 1, and says why, where it cannot be done; 69 if no node answers.

              casty drain 127.0.0.1:7001                        # the asked node itself
              casty drain 127.0.0.1:7001 --member 127.0.0.1:7002
            """)

    @OptionGroup var operate: OperateOptions
    @OptionGroup var drained: DrainedMember

    func run() throws {
        let member = try drained.address(operate)
        try operate.send(.drain(member, type: drained.type), as: "drain") { moves in
            "\(member) is drained: \(OperateOptions.shards(moves))"
        }
    }
}

/// `casty undrain`: lets a drained node host shards again.
struct UndrainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "undrain", abstract: "Let a drained node host shards again.",
        discussion: """
            The next round of rebalancing gives it its share. Exits with 1, and says why, where it cannot be done; 69 if no node answers.

              casty undrain 127.0.0.1:7001 --member 127.0.0.1:7002
            """)

    @OptionGroup var operate: OperateOptions
    @OptionGroup var drained: DrainedMember

    func run() throws {
        let member = try drained.address(operate)
        try operate.send(.undrain(member, type: drained.type), as: "undrain") { _ in "\(member) takes shards again" }
    }
}

/// `casty down`: declares a member dead.
struct DownCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "down", abstract: "Declare a member dead.",
        discussion: """
            For a member that is unreachable and will not come back, where the downing strategy does not decide. Its shards start elsewhere when its \
            lease has surely ended. A process that still runs there stops as soon as it hears of it. Exits with 1 where there is no such member; 69 \
            if no node answers.

              casty down 127.0.0.1:7001 127.0.0.1:7003
            """)

    @OptionGroup var operate: OperateOptions
    @Argument(help: ArgumentHelp("The member, as HOST:PORT.", valueName: "member"))
    var member: String

    func validate() throws { _ = try OperateOptions.member(member) }

    func run() throws {
        let address = try OperateOptions.member(member)
        try operate.send(.down(address), as: "down") { _ in "\(address) is declared dead" }
    }
}

/// `casty leave`: lets a node leave.
struct LeaveCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "leave", abstract: "Let a node leave the cluster gracefully.",
        discussion: """
            Its shards move away first, the others agree, and its process ends, as after SIGTERM. Returns when it has begun. Exits with 69 if the node \
            does not answer.

              casty leave 127.0.0.1:7003
            """)

    @OptionGroup var operate: OperateOptions

    func validate() throws {
        // Of several nodes any would be the one that leaves.
        guard !operate.node.contains(",") else { throw ValidationError("One node leaves at a time: name one") }
    }

    func run() throws { try operate.send(.leave, as: "leave") { _ in "\(operate.node.printable) leaves" } }
}

/// The member whose shards move.
struct DrainedMember: ParsableArguments {
    @Option(help: ArgumentHelp("The member, as HOST:PORT; by default the asked node.", valueName: "member"))
    var member: String?
    @Option(help: ArgumentHelp("Only shards of this type; of all by default.", valueName: "type"))
    var type: String?

    func validate() throws { _ = try member.map(OperateOptions.member) }

    func address(_ operate: OperateOptions) throws -> NodeAddress {
        if let member { return try OperateOptions.member(member) }
        guard let first = try operate.nodes.first else { throw ValidationError("Name a node, as 127.0.0.1:7001") }
        return first
    }
}
