/** One behaviour that the original's tests assert, and what became of it. */
export interface Behaviour {
  readonly number: number;
  /** What holds in the original, a sentence without its full stop. */
  readonly original: string;
  /** What holds here, where that is another thing. Without it the original's sentence holds here too. */
  readonly here?: string;
  /** Why it is another thing. */
  readonly why?: string;
  /** There is nothing here to call, so nothing to test. */
  readonly noCounterpart?: true;
}

/** A part of the page, in the order of the original's test files. */
export interface BehaviourGroup {
  readonly title: string;
  readonly behaviours: readonly Behaviour[];
}

const LAZY = "Adding is lazy and synchronous: it is refused before anything is sent";
const ONE_STEP =
  "Overlaps are planned by a pure function and settled inside `add`, in one step or not at all";

const core: BehaviourGroup = {
  title: "Core",
  behaviours: [
    {
      number: 1,
      original: "Opened without a range, a stream knows the size, is empty and has no active range",
    },
    { number: 2, original: "Opened with [0, n), a stream has that as its active range" },
    { number: 3, original: "Opened with [0, 0), a stream has no active range" },
    { number: 4, original: "Reading shrinks the range in `ranges` and leaves the requested one as it was" },
    { number: 5, original: "A stream prints its class, its ranges, its file and its host" },
    {
      number: 6,
      original: "The spanning range goes over gaps, and a range inside another deletes that other whole",
      here: "The spanning range goes over gaps, and a range inside another leaves the rest of that other",
      why: "Bytes that nobody asked to drop are not dropped: of [0, 4) after adding [2, 3) the parts [0, 2) and [3, 4) stay, so the span is [0, 9), not [2, 9)",
    },
    { number: 7, original: "Reading and seeking move what tell tells" },
    {
      number: 8,
      original: "The active range follows each add; a stream is closed only once all its responses are",
      here: "The active range follows each add; a closed handle leaves the stream, which stays open for more",
      why: "A stream is closed by its own `close`; that no handle is left says nothing but `isEmpty`",
    },
    { number: 9, original: "Added with activate false, no range becomes active" },
    {
      number: 10,
      original: "With a chunk size of 4 nothing is buffered before a read, and 4 bytes after reading 1",
      here: "Nothing is asked for before the first read, which gives exactly what it asked for",
      why: "There is no chunk size to set: chunks come as the transport brings them, and back-pressure bounds what waits",
    },
  ],
};

const edges: BehaviourGroup = {
  title: "Edge cases",
  behaviours: [
    {
      number: 11,
      original: "Adding [1, 3) to [0, 3) raises nothing; what comes of it is left open",
      here: "Adding [1, 3) to [0, 3) leaves [0, 1) and [1, 3), and both read right",
      why: "An open question was closed",
    },
    { number: 12, original: "Adding [0, n) to an empty stream lists what opening with [0, n) lists" },
    {
      number: 13,
      original: "An entry forced into the inner map so that it splits another is found by an integrity check",
      here: "No entry can be forced into a view: writing to one is refused",
      why: "The views are read-only, so there is nothing for a check to find",
    },
    {
      number: 14,
      original: "The integrity check passes on an empty stream, and after adding to a full one",
      here: "After adding to a full stream every key is one contiguous range of one handle",
      why: "What the check looked for cannot come about (invariant 10), and a property test holds it to that",
    },
    {
      number: 15,
      original: "Any value may be registered at a range of a full stream",
      why: "`register_range` is not carried over: a stream holds handles alone. `RangeDict` is public for maps of other values",
      noCounterpart: true,
    },
    {
      number: 16,
      original: "Registering a range before the length is known is an error",
      here: "While nobody knows the size, ranges that need it are UNKNOWN_SIZE and bounded ones are read",
      why: "The size is settled at open, but a server may keep it secret; a bounded range needs none",
    },
    {
      number: 17,
      original: "A range that reaches outside the file is refused, after its request was sent",
      here: "A range that reaches outside the file is OUT_OF_BOUNDS, with nothing sent and nothing changed",
      why: LAZY,
    },
    { number: 18, original: "Once everything was read, the total range may be added again" },
    {
      number: 19,
      original:
        "[3, 7) inside a full stream leaves one entry under replant and burn, and is refused under strict",
      here: "[3, 7) inside a full stream leaves three entries under replant, one under burn, and is OVERLAP under strict",
      why: "Replanting loses no unread byte outside the new range; a bad policy is INVALID_ARGUMENT when the stream is opened, not at the first overlap",
    },
    {
      number: 20,
      original:
        "[2, 5) over the head of [3, 7) leaves two entries under replant, one under burn, none under strict",
    },
    {
      number: 21,
      original:
        "[5, 9) over the tail of [3, 7) leaves two entries under replant, one under burn, none under strict",
    },
    {
      number: 22,
      original:
        "An active range set to nonsense is told by name, a length set to nothing by an attribute error, and an empty stream has none to tell",
      here: "Active range and size cannot be set from outside, and an empty stream has no active range to tell",
      why: "Both are read-only, so neither can be nonsense",
    },
  ],
};

const overlaps: BehaviourGroup = {
  title: "Overlaps",
  behaviours: [
    {
      number: 23,
      original: "[2, 5) lies over the head of [3, 7); once added it is inside, and positions 2 to 6 are held",
    },
    {
      number: 24,
      original: "Handling the overlap of [2, 5) alone leaves no key that differs from its response's range",
      here: "After a head overlap every key is exactly what its handle has left",
      why: ONE_STEP,
    },
    {
      number: 25,
      original:
        "Handling the overlap of [3, 7) alone keeps [2, 5) as the requested key and shows [2, 3); burning leaves nothing",
      here: "After a tail overlap the older handle still tells [2, 5), both views show [2, 3), and burning leaves the new range alone",
      why: `${ONE_STEP}. In \`requestedRanges\` the new range takes its positions, so that none has two owners`,
    },
    {
      number: 26,
      original: "The range that contains a position is found, and a position in none is an error",
      here: "The range that contains a position is found, and a position in none finds nothing",
      why: "A miss in a map is no failure: `get` and `rangeAt` give undefined",
    },
    {
      number: 27,
      original: "[5, 8) lies over the tail of [3, 7), and over nothing once that overlap was handled",
      here: "[5, 8) lies over the tail of [3, 7), and inside once it was added",
      why: ONE_STEP,
    },
    {
      number: 28,
      original: "Handling the overlap of an empty range, or on an empty stream, is an error",
      here: "An empty range, or any range on an empty stream, overlaps nothing",
      why: `${ONE_STEP}; asking where a range lies is never an error`,
    },
    {
      number: 29,
      original:
        "[3, 7) between [2, 4) and [6, 9) leaves the span as it was and is found by range but not by tuple",
      here: "[3, 7) between [2, 4) and [6, 9) leaves the span as it was and is found by every way of writing it",
      why: "Every input that names a range is accepted wherever one is",
    },
    { number: 30, original: "[3, 7) and then [5, 8) read 02 03 and 04 05 06" },
  ],
};

const parts: BehaviourGroup = {
  title: "Response, request and small functions",
  behaviours: [
    {
      number: 31,
      original:
        "A response on [0, 1) prints itself, reads to its end and no further, and seeks from all three places",
    },
    { number: 32, original: "A response on [0, 11) seeks from the start and from the end" },
    {
      number: 33,
      original: "An empty stream has no active response; a response tells its client",
      here: "An empty stream has no active response",
      why: "A handle knows no client: it reads a Source, which may be no network at all",
    },
    {
      number: 34,
      original:
        "The request for [0, n) is bytes=0-(n - 1), its total is 11, its body begins with P, and closing twice is fine",
    },
    {
      number: 35,
      original: "The header of the empty range is -0 or 0-, that of others first-last with the last included",
      here: "The empty range has no header: it is never asked for; others are first-last with the last included",
      why: "`bytes=-0` is no satisfiable range (RFC 9110 section 14.1.2), and `bytes=0-` asks for everything",
    },
    {
      number: 36,
      original: "Termini are inclusive, and the length of a range is its stop less its start less one",
      here: "The ends of a range are half-open, and its length is its end less its start",
      why: "A length that is one off is a trap; inclusive ends exist in HTTP headers alone",
    },
    {
      number: 37,
      original:
        "A tuple and a Range are one; floats, triples and lists are refused, and empty ranges where they are not allowed",
      here: "A pair and a Range are one; floats and triples are INVALID_RANGE, and empty ranges are fine everywhere",
      why: "A pair is an array here, as JavaScript has no tuples",
    },
    { number: 38, original: "The span of two ranges is the same in either order" },
    {
      number: 39,
      original: "An empty stream has no most recent range, a full one has [0, 11)",
      here: "An empty stream has no active range, a full one has [0, 11)",
      why: "Which range came last is told by the active range alone",
    },
  ],
};

const single: BehaviourGroup = {
  title: "One request for all (mode `single`)",
  behaviours: [
    {
      number: 40,
      original: "A new stream of one request looks like an empty one outside and like a full one inside",
      here: "A new stream of one request looks like an empty one in both views",
      why: "That one request brings everything is the source's concern; nothing was asked for yet",
    },
    { number: 41, original: "With the total range added it looks like a full stream" },
    {
      number: 42,
      original: "The active range follows each add, and the responses are windows",
      here: "The active range follows each add, and the handles are the same as ever",
      why: "There is one kind of handle; what is a window is below it",
    },
    { number: 43, original: "Handles keep positions of their own while others are added and read" },
    { number: 44, original: "A handle read to its end gives nothing more" },
    { number: 45, original: "[3, 7) and then [5, 8) read 02 03 and 04 05 06 from one request" },
  ],
};

/** Behaviours 1 to 45: everything but fetching many URLs and the file formats. */
export const behaviourGroups: readonly BehaviourGroup[] = [core, edges, overlaps, parts, single];

export const behaviours: readonly Behaviour[] = behaviourGroups.flatMap((group) => group.behaviours);
