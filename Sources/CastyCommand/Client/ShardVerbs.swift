import ArgumentParser
import CastyCore
import CastySharding

/// `casty move`: moves a shard.
struct MoveCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "move", abstract: "Move a shard to a node.",
        discussion: """
            Returns when the move has begun; no message to its entities is lost meanwhile. A later round of rebalancing may move it again: casty pin \
            keeps it where it is. Exits with 1, and says why, where it cannot be done; 69 if no node answers.

              casty move 127.0.0.1:7001 12 127.0.0.1:7002
              casty move 127.0.0.1:7001 3 127.0.0.1:7002 --type counter
            """)

    @OptionGroup var move: ShardMove

    func run() throws {
        try move.send("move", OperatorVerb.move) { "\($0) moves to \($1)" }
    }
}

/// `casty pin`: keeps a shard on a node.
struct PinCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pin", abstract: "Keep a shard on a node.",
        discussion: """
            The shard moves there, and runs there whenever that node hosts shards, also after it was started again. While the node is away the shard \
            runs elsewhere. Exits with 1, and says why, where it cannot be done; 69 if no node answers.

              casty pin 127.0.0.1:7001 12 127.0.0.1:7002
            """)

    @OptionGroup var move: ShardMove

    func run() throws {
        try move.send("pin", OperatorVerb.pin) { "\($0) is pinned to \($1)" }
    }
}

/// A shard, and where it is to be.
struct ShardMove: ParsableArguments {
    @OptionGroup var operate: OperateOptions
    @OptionGroup var shard: ShardArgument
    @Argument(help: ArgumentHelp("Where to, as HOST:PORT.", valueName: "member"))
    var member: String

    func validate() throws { _ = try OperateOptions.member(member) }

    /// Sends the verb that is made from the type, the shard and the member; says what came of it from the last two.
    func send(
        _ name: String, _ verb: (String, Int, NodeAddress) -> OperatorVerb, _ done: (String, NodeAddress) -> String
    ) throws {
        let (type, target) = (shard.type.type, try OperateOptions.member(member))
        try operate.send(verb(type, shard.shard, target), as: name) { _ in
            done("shard \(shard.shard) of \(type)", target)
        }
    }
}

/// `casty unpin`: lets a shard go.
struct UnpinCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "unpin", abstract: "Let a pinned shard go where it is best placed.",
        discussion: """
            It stays where it is until a round of rebalancing moves it. Exits with 1, and says why, where it cannot be done; 69 if no node answers.

              casty unpin 127.0.0.1:7001 12
            """)

    @OptionGroup var operate: OperateOptions
    @OptionGroup var shard: ShardArgument

    func run() throws {
        try operate.send(.unpin(type: shard.type.type, shard: shard.shard), as: "unpin") { _ in
            "shard \(shard.shard) of \(shard.type.type) is pinned no longer"
        }
    }
}

/// `casty rebalance`: a round now, or none by itself.
struct RebalanceCommand: ParsableCommand {
    enum Mode: String, ExpressibleByArgument, CaseIterable {
        case now, pause, resume
    }

    static let configuration = CommandConfiguration(
        commandName: "rebalance", abstract: "Balance the shards now, or stop and resume moves for balance.",
        discussion: """
            Plans and starts a round at once, also while it is paused. pause stops moves for balance alone until resume; shards of nodes that end \
            still move. Exits with 1, and says why, where it cannot be done; 69 if no node answers.

              casty rebalance 127.0.0.1:7001
              casty rebalance 127.0.0.1:7001 pause
            """)

    @OptionGroup var operate: OperateOptions
    @Argument(help: ArgumentHelp("now, pause or resume.", valueName: "mode"))
    var mode = Mode.now
    @OptionGroup var type: ShardTypeOption

    func run() throws {
        let type = type.type
        switch mode {
        case .now:
            try operate.send(.rebalance(type: type), as: "rebalance") { moves in
                moves == 0 ? "\(type) is in balance" : "\(type): \(OperateOptions.shards(moves))"
            }
        case .pause:
            try operate.send(.pause(type: type), as: "rebalance") { _ in "moves of \(type) for balance are paused" }
        case .resume:
            try operate.send(.resume(type: type), as: "rebalance") { _ in "\(type) is balanced again" }
        }
    }
}
