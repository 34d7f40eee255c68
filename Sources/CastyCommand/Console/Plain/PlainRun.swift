import CastyConsole
import CastyCore
import CastyObservability
import CastyScenario
import CastyTerminal
import CastyTestbed
import Glibc

/// The console without a screen: commands are lines of standard input, what happens and what is answered are lines of
/// standard output.
struct PlainRun {
    /// A line could not be read.
    private static let badLine: Int32 = 65
    /// An expectation or an invariant failed, or a command was refused.
    private static let failed: Int32 = 1
    /// A file could not be made.
    private static let unwritten: Int32 = 73
    /// How long a request may take until the next line is read all the same.
    private static let patience = Duration.seconds(30)

    private let backend: any ConsoleBackend
    private let isScriptDone: () -> Bool
    private let clock: ConsoleClock
    private let prompts: Bool
    private let wakeup = Wakeup()
    private var console: PlainConsole
    private var isMisread = false
    private var isUnwritten = false

    init(
        _ backend: any ConsoleBackend, options: ConsoleOptions, prompts: Bool, clock: ConsoleClock,
        isScriptDone: @escaping () -> Bool
    ) {
        self.backend = backend
        self.isScriptDone = isScriptDone
        self.clock = clock
        self.prompts = prompts
        console = PlainConsole(mode: backend.mode, options: options)
    }

    /// Runs until `quit`, or until the input has ended and the script is done.
    ///
    /// - Returns: The exit code.
    mutating func run(_ descriptor: Int32 = STDIN_FILENO) -> Int32 {
        backend.whenChanged { [wakeup] in wakeup.signal() }
        let input = LineInput(descriptor, wakeup: wakeup)
        var isPrompted = false
        look()
        while true {
            switch input.take() {
            case .line(let text, let number):
                isPrompted = false
                if carryOut(text, number: number) { return code }
            case .end:
                // A script that runs is not cut short by an input that has ended.
                if isScriptDone() {
                    look()
                    return code
                }
                rest()
            case nil:
                if prompts, !isPrompted {
                    Output.results("> ")
                    isPrompted = true
                }
                rest()
            }
        }
    }

    private var code: Int32 {
        if isMisread { return Self.badLine }
        if isUnwritten { return Self.unwritten }
        return console.hasFailed || console.hasRefused ? Self.failed : 0
    }

    /// Prints what has happened.
    private mutating func look() { for line in console.look(at: backend) { Output.line(line) } }

    /// Waits for a change, and prints it.
    private mutating func rest(atMost limit: Duration? = nil) {
        wakeup.wait(atMost: limit)
        look()
    }

    /// Carries out a line, and waits for what comes of it.
    ///
    /// - Returns: Whether it ends the console.
    private mutating func carryOut(_ text: String, number: Int) -> Bool {
        look()
        let answer: PlainConsole.Answer
        do throws(ScenarioProblem) {
            answer = try console.enter(text)
        } catch {
            isMisread = true
            Output.error("standard input:\(number): \(error)")
            return false
        }
        for line in answer.lines { Output.line(line) }
        for intent in answer.intents {
            switch intent {
            case .submit(let request): submit(request)
            case .operate(let command): operate(command)
            case .export(let content, let file): export(content, to: file)
            case .save(let moment, let folder): save(moment, into: folder)
            case .quit:
                look()
                return true
            case .suspend, .repaint, .copy: break
            }
        }
        if let pause = answer.pause {
            let end = backend.latest().time + pause
            wait { [backend] in backend.latest().time >= end }
        }
        return false
    }

    /// Carries out a command to a cluster of other processes, and waits for the answer.
    private mutating func operate(_ command: RemoteCommand) {
        look()
        let messages = backend.messages(after: 0).next
        backend.operate(command)
        wait(atMost: Self.patience) { [backend] in backend.messages(after: messages).next > messages }
    }

    /// Submits a request, and waits for its effect: for the answer, or for the time that it asks for.
    private mutating func submit(_ request: ConsoleRequest) {
        look()
        let before = backend.latest()
        let messages = backend.messages(after: 0).next
        backend.submit(request)
        let isAnswered = { [backend] in backend.messages(after: messages).next > messages }
        let hasArrived: (ClusterSnapshot) -> Bool
        switch request {
        case .command, .control(.undo), .control(.redo), .control(.saveScript), .control(.saveMoment):
            hasArrived = { _ in false }
        case .control(.watch), .control(.endUntil), .control(.endWatch): hasArrived = { _ in false }
        case .control(.endWhatIf): hasArrived = { _ in true }
        case .control(.whatIf):
            let number = backend.hypothesis?.number
            hasArrived = { [backend] _ in backend.hypothesis?.number != number && backend.hypothesis?.isDone == true }
        case .control(.pause): hasArrived = { $0.paused }
        case .control(.play): hasArrived = { !$0.paused }
        case .control(.speed(let factor)): hasArrived = { $0.speed == factor.value }
        case .control(.step(let count)):
            hasArrived = { $0.paused && $0.time >= before.time + ConsoleRun.tick * count }
        case .control(.back): hasArrived = { $0.paused && $0.time < before.time || $0.time == .start }
        case .control(.seek(let time)):
            let grid = SimulatedClusterWorld.grid.nanoseconds
            let target = Instant(nanoseconds: time.nanoseconds / grid * grid)
            hasArrived = { $0.time == target }
        }
        wait(atMost: Self.patience) {
            [backend] in
            isAnswered() || backend.progress == nil && hasArrived(backend.latest())
        }
        if case .control(.whatIf) = request {
            look()
            for line in console.comparison { Output.line(line) }
        }
        // A wait in real time goes on after its answer.
        wait { [backend] in !backend.watches.contains(where: \.isAwaited) }
        look()
    }

    private mutating func wait(atMost limit: Duration? = nil, until isThere: () -> Bool) {
        let end = limit.map { clock.now() + $0 }
        while !isThere() {
            if let end, clock.now() >= end { return }
            rest(atMost: .milliseconds(100))
        }
    }

    private mutating func export(_ content: String, to file: String) {
        do {
            try OutputFile.write(content, to: file)
            Output.line("done: written to \(file)")
        } catch {
            isUnwritten = true
            Output.line("refused: export: \(file) cannot be written: \(error)")
        }
    }

    private mutating func save(_ moment: SavedMoment, into wanted: String?) {
        do {
            let folder = try MomentFolder.write(moment, into: wanted, film: nil)
            switch console.saved(in: folder) {
            case .success(let request): submit(request)
            case .failure(let reason): Output.line("done: \(reason.text)")
            }
        } catch {
            isUnwritten = true
            Output.line("refused: save: \(wanted ?? moment.name) cannot be written: \(error)")
        }
    }
}
