import ArgumentParser
import CastyBenchmarks

/// The program as the counted process of `casty bench --instructions`: it does one kind of work and ends.
struct BenchWork: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench-work", abstract: "Does work whose instructions are counted.", shouldDisplay: false)

    @Argument var name: String
    @Argument var operations: Int

    func validate() throws {
        guard operations > 0 else { throw ValidationError("the number of operations is at least 1") }
        guard work != nil else { throw ValidationError("no counted work is called \"\(name)\"") }
    }

    func run() throws {
        try work?.perform(operations)
    }

    private var work: CountedWork? { CountedWork.all.first { $0.name == name } }
}
