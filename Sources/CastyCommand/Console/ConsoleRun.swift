import CastyActors
import CastyConsole
import CastyCore
import CastyInvariants
import CastyObservability
import CastyScenario
import CastyTestbed
import Foundation

/// A testbed under a person's control: its time can be paused, stepped, sped up and, in the simulated runtime, turned
/// back.
///
/// Turning back repeats the run: the same seed and the same lines at the same times give the same run.
final class ConsoleRun {
    /// The size of one step.
    static let tick = Duration.milliseconds(100)
    /// The least time between two pictures.
    static let turn = Duration.milliseconds(40)
    /// The time between two points of a curve on the screen.
    static let column = Duration.milliseconds(250)
    /// The time between two pictures of a live cluster in which nothing happens: its curves are flat.
    static let quietColumn = Duration.milliseconds(500)

    let plan: ConsolePlan
    let clock: ConsoleClock
    /// Ends the sleep of the testbed's thread: for a request and, in the live runtime, for a change.
    let wakeup: Wakeup
    /// Whether the run has to end, even in the middle of an advance.
    var endsEarly: () -> Bool = { false }
    var testbed: TestCluster
    var paused = false
    var speed: Double
    /// The commands carried out so far, for turning back and for saving.
    var history: [RecordedCommand] = []
    /// The commands later than the time to which the run was turned back. They are repeated, unless the user gives
    /// another command first.
    var future: [RecordedCommand] = []
    /// The time to which the run is on its way.
    var goal: TimeGoal?
    /// The number of history entries in the recording.
    var recorded = -1
    /// What the screen draws of the time before now.
    var past = RecentPast()
    /// Whether the run has jumped since the last picture.
    var hasJumped = false
    /// Time that has to pass but is less than a full step of the grid.
    var owed = Duration.zero
    private var rate = RateOverTime()
    /// Whether the latest picture showed no rising phi, and a cluster that agrees.
    private var isQuiet = false
    var pace = Pace()
    /// When the last picture was published, on the real clock.
    var shown = Instant.start
    /// The faults by hand that can be undone.
    var undoBook = UndoBook()
    /// Plays the script and the scheduled commands.
    var player: ScenarioPlayer
    /// The latest note of the script.
    var caption: Caption?
    /// The conditions that are watched.
    var watches: [ActiveWatch] = []
    /// How many comparisons of futures the user has asked for.
    var comparisons = 0
    /// What they have found and the user was not reported yet.
    var findings: [(active: ActiveWatch, finding: ActiveWatch.Finding)] = []

    struct RecordedCommand {
        let at: Instant
        let command: Command
        /// Whether the user gave the command. An `at` and the script repeat their own commands after time has been
        /// turned back.
        let isByHand: Bool
        let role: CommandRole
    }

    init(_ plan: ConsolePlan, clock: ConsoleClock) throws {
        self.plan = plan
        self.clock = clock
        wakeup = Wakeup()
        speed = plan.speed
        testbed = try Self.begin(plan, wakeup)
        player = Self.player(plan, testbed)
    }

    /// The script's player: it shows failures, and continues after them.
    static func player(_ plan: ConsolePlan, _ testbed: TestCluster) -> ScenarioPlayer {
        var options = RunOptions(keepsGoing: true)
        options.toleratesRefusals = true
        return ScenarioPlayer(plan.script, in: testbed, options: options)
    }

    static func begin(_ plan: ConsolePlan, _ wakeup: Wakeup) throws -> TestCluster {
        let world: any ClusterWorld = plan.seed.map { SimulatedClusterWorld(seed: $0) } ?? LiveClusterWorld()
        // The simulated runtime changes on the testbed's thread only, which then does not sleep.
        let isLive = plan.seed == nil
        let testbed = TestCluster(world: world, settings: plan.settings, checkers: .all) {
            if isLive { wakeup.signal() }
        }
        do {
            try testbed.start(Array(1...plan.nodes))
        } catch {
            testbed.end()
            throw error
        }
        return testbed
    }

    var recorder: Recorder { testbed.recorder }

    var snapshot: ClusterSnapshot {
        var snapshot = testbed.snapshot
        snapshot.paused = paused
        snapshot.speed = speed
        if plan.seed != nil, !paused { snapshot.reachedSpeed = pace.reached(of: speed) }
        snapshot.envelopesPerSecond = rate.value
        return snapshot
    }

    /// Runs until the front end ends; this is the body of the testbed's thread or process.
    ///
    /// - Parameter jump: The time to begin at, if this run is a checkpoint that comes alive.
    func loop(_ backend: any RunFrontEnd, from jump: TimeJump? = nil) {
        endsEarly = { backend.ends }
        var turn = Self.turn
        // As much as has passed in reality, so that oversleeping does not slow the run down. But if the machine cannot
        // keep up, no more than lets the screen and the keys respond.
        var longest = Self.turn
        if let jump { resume(jump) } else { begin(backend) }
        while !backend.ends {
            if let jump = backend.checkpoint(at: testbed.now, commands: commandCount) {
                resume(jump)
            }
            if goal != nil {
                heed(backend)
                pursue(backend)
                continue
            }
            let began = clock.now()
            let (start, wasPaused) = (testbed.now, paused)
            let isAsked = backend.isAsked
            while goal == nil, !backend.ends, let request = backend.takeRequest() { carryOut(request, backend) }
            if goal != nil { continue }
            if !paused { advance(to: testbed.now + steps(in: min(turn, longest * 1.25)), backend) }
            announce(backend)
            keepRecord(backend)
            // A note of the script may have stopped time just now.
            if isAsked || paused != wasPaused || clock.now() - shown >= Self.turn { show(backend) }
            let pause = pauseAfterTurn()
            sleep(until: pause.map { began + $0 }, backend)
            turn = clock.now() - began
            longest = max(Self.turn, pause ?? Self.turn)
            if !paused, !wasPaused { pace.note(testbed.now - start, in: turn) }
        }
        if !backend.isReplaced {
            keepRecord(backend, atTheEnd: true)
            testbed.end()
        }
        backend.finish()
    }

    func show(_ backend: any RunFrontEnd) {
        shown = clock.now()
        rate.note(testbed.tracker.handled, at: testbed.now)
        testbed.observeMessages(backend.observesMessages)
        var picture = snapshot
        picture.forecast = testbed.forecast(ifCutOff: backend.takePreviewed())
        isQuiet = picture.isQuiet
        showClosing()
        backend.publish(
            picture, recorder, isScriptDone: player.isScriptDone, caption: caption, watches: watchStatus,
            past: hasJumped ? past : nil)
        hasJumped = false
    }

    /// The time from the start of a turn to the next one if nothing happens before; `nil` if nothing can happen by
    /// itself.
    private func pauseAfterTurn() -> Duration? {
        guard plan.seed == nil else {
            if paused { return nil }
            // In slow motion nothing happens before the next point of the grid.
            return max(Self.turn, (SimulatedClusterWorld.grid - owed) * (1 / speed))
        }
        if testbed.isLoaded || testbed.hasPendingVerbs || player.isAwaiting { return .milliseconds(10) }
        let now = testbed.now
        // Without running nodes only the clock goes on.
        let column =
            testbed.running.isEmpty ? Duration.seconds(1) : isQuiet ? Self.quietColumn : Self.column
        let rest = Duration.nanoseconds(column.nanoseconds - now.nanoseconds % column.nanoseconds)
        return min(rest, player.nextMoment - now)
    }

    /// Sleeps until a time on the real clock. A request ends the sleep at once; a change ends it as soon as the next
    /// picture may be shown.
    private func sleep(until end: Instant?, _ backend: any RunFrontEnd) {
        var end = end ?? .distantFuture
        while !backend.isAsked {
            let now = clock.now()
            guard now < end else { return }
            if backend.wait(atMost: end == .distantFuture ? nil : end - now), plan.seed == nil {
                end = min(end, shown + Self.turn)
            }
        }
    }

    /// How far time advances in a turn: simulated time in full steps of the grid, so that a person acts only at times
    /// that a scenario can name.
    private func steps(in span: Duration) -> Duration {
        // Real time passes by itself; what is due is carried out now, and the sleep after it ends with the next thing.
        if plan.seed == nil { return .zero }
        let grid = SimulatedClusterWorld.grid.nanoseconds
        let due = (owed + .nanoseconds(Int64(Double(span.nanoseconds) * speed))).nanoseconds
        owed = .nanoseconds(due % grid)
        return .nanoseconds(due / grid * grid)
    }

    /// Sets out to the initial time.
    private func begin(_ backend: any RunFrontEnd) {
        if let moment = plan.beginsAt {
            goal = TimeGoal(target: moment, from: testbed.now, since: clock.now(), kind: .beginning)
            paused = true
        } else {
            greet(backend)
        }
    }

    func greet(_ backend: any RunFrontEnd) {
        guard let greeting = plan.greeting else { return }
        guard plan.keepsGreeting else { return backend.say(.note, greeting) }
        caption = Caption(title: plan.title, text: "\(greeting). {escape} puts this away", waits: false)
        show(backend)
    }

    private func carryOut(_ request: ConsoleRequest, _ backend: any RunFrontEnd) {
        switch request {
        case .command(let command):
            let dropped = dropFuture(backend)
            perform(command, backend, saying: dropped)
            _ = watchesStop()
            announce(backend)
        case .control(let control): carryOut(control, backend)
        }
    }

    /// Carries out a user's command.
    ///
    /// - Parameter addition: What the message about it says besides.
    func perform(
        _ command: Command, _ backend: (any RunFrontEnd)?, as role: CommandRole = .given, saying addition: String = ""
    ) {
        do {
            switch command {
            case .at(let moment, let inner):
                let at = testbed.moment(moment)
                if case .at = inner { throw TestClusterError("\(command): an `at` cannot be scheduled") }
                guard at > testbed.now else { throw TestClusterError("\(command): that moment has passed") }
                player.schedule(inner, at: at)
                note(command)
                backend?.say(.done, "at \(Words.moment(at)): \(inner)\(addition)")
                return
            case .ask(let ask): try self.ask(ask, backend)
            case .expect, .wait: throw TestClusterError("\(command): belongs into a scenario; run it with `casty run`")
            case .header: try testbed.perform(command)
            case .immediate(let immediate): try perform(immediate, as: role)
            }
            note(command, role: role)
            backend?.say(.done, "\(command)\(addition)")
        } catch {
            backend?.say(.refused, "\(error)")
        }
    }

    /// The number of commands that the user has given.
    var commandCount: Int { history.reduce(0) { $0 + ($1.isByHand ? 1 : 0) } }

    func note(_ command: Command, isByHand: Bool = true, role: CommandRole = .given) {
        history.append(RecordedCommand(at: testbed.now, command: command, isByHand: isByHand, role: role))
    }

    /// Lets the player carry out due commands, and records them.
    func look(_ backend: (any RunFrontEnd)?) {
        player.performed = { [weak self] command, _ in
            self?.note(command, isByHand: false)
            if case .immediate(.note(let text)) = command {
                self?.show(text, waits: backend != nil)
            } else {
                backend?.say(.done, "\(command)")
            }
        }
        player.unconfirmed = { backend?.say(.refused, "\($0.order): \($0.text)") }
        player.look()
    }

    private func ask(_ ask: Ask, _ backend: (any RunFrontEnd)?) throws {
        let inspector = testbed.inspector
        try testbed.ask(
            ask.entity.id, ask.message, via: ask.via?.number, within: ask.within ?? testbed.settings.askTimeout
        ) { result in
            switch result {
            case .success(let reply):
                inspector.emit(.reply, entity: ask.entity.id, reply: reply.text)
                if let expected = ask.reply {
                    let isRight = expected == reply.text
                    inspector.emit(
                        isRight ? .expectationPassed : .expectationFailed, entity: ask.entity.id,
                        reason: isRight ? nil : .text("the reply was \(reply.text)"), detail: .text("\(ask)"))
                }
                backend?.say(.note, "\(ask.entity.id): \(reply.text)")
            case .failure(let error):
                inspector.emit(.reply, entity: ask.entity.id, reason: .text(error.code.rawValue))
                if ask.reply != nil {
                    inspector.emit(
                        .expectationFailed, entity: ask.entity.id, reason: .text(error.code.rawValue),
                        detail: .text("\(ask)"))
                }
                backend?.say(.refused, "\(error)")
            }
        }
    }

    private func carryOut(_ control: RunControl, _ backend: any RunFrontEnd) {
        if let refusal = backend.mode.refusal(of: .console(control.verb)) { return backend.say(.refused, refusal) }
        if plan.seed == nil, [.step, .back, .seek].contains(control.verb) {
            return backend.say(.refused, "\(control.verb.rawValue): LIVE mode has no virtual clock; start with --sim")
        }
        switch control {
        case .pause: paused = true
        case .play:
            release()
            paused = false
        case .step, .back, .seek: travel(control, backend)
        case .watch(let watch): begin(watch, backend)
        case .endUntil: endUntil(backend)
        case .whatIf(let whatIf): compare(whatIf, backend)
        case .endWhatIf: backend.say(.refused, "what-if off: nothing is compared")
        case .endWatch(let number): endWatch(number, backend)
        case .speed(let factor): speed = min(max(factor.value, 1.0 / 64), 64)
        case .undo: undo(backend)
        case .redo: redo(backend)
        case .saveScript(let file): save(file, backend)
        case .saveMoment(let folder): saveMoment(folder, backend)
        }
    }
}
