/* The state of the trust service: two replicas over one store. A replica may end at any step: what it knew is lost, and it begins again;
 * the store's rows stay. The store is src/store/store.h: a transaction commits all of its writes or none, and only where the rows that it
 * read are still the ones that it read (compare-and-swap). One part is chosen: SESSION, POLICY or KEYED. Other flags remove a binding, or
 * an assumption: formal/README.md. */
#ifndef ENDS
#define ENDS 2      /* so often a replica ends, of both together */
#endif
#ifndef REQUESTS
#define REQUESTS 4  /* so many are asked, of both together */
#endif
byte ends = 0, requests = 0;

/* MAY_END stands between two steps of a request. */
#define MAY_END if :: ends < ENDS -> ends++; goto begin :: true fi

#ifdef SESSION
/* One session: its holder presents good evidence for its one nonce as often as he likes, to either replica (src/broker/attest.cc,
 * nonce_use.cc). Time has three parts: 0 the session lasts, 1 it is over, 2 it has been over for longer than rows are kept
 * (kForgetAfter_s). A replica's clock may lag by less than a part. */
byte time = 0;
byte row = 0;                      /* kbs.nonce: its version */
byte accepted = 0, leaves = 0;     /* results that are durable, and leaves about them */
byte newest = 0;                   /* the time of the newest leaf: the ledger takes none more than 30 s behind it, so of the part before */
byte tokens = 0;                   /* answers that left */
byte began[2] = 3;                 /* the part in which a replica's request began, by its clock; 3: it has none */

#ifdef FORGET_EARLY
#define FORGETS 1
#else
#define FORGETS 2
#endif
#ifdef STALL
#define MAY_PASS true              /* a request may last for ever */
#else                              /* the lag of its clock and its duration together are less than a part */
#define MAY_PASS (time == 0 || (began[0] != 0 && began[1] != 0))
#endif

active proctype clock() {
end:
  do
  :: atomic { time < 2 && MAY_PASS -> time++ }
  :: time == 2 -> break
  od
}

active [2] proctype replica() {
  byte now, seen;
  byte me = _pid - 1;
begin:
  atomic { began[me] = 3; now = 0; seen = 0 }
  do
  :: atomic {
      requests < REQUESTS -> requests++;
      if :: now = time :: time > 0 -> now = time - 1 fi;
      began[me] = now
    }
    if
    :: now < FORGETS && now > 0 -> skip       /* refused: the session is over */
    :: now >= FORGETS ->                      /* a later act: rows of long ago are forgotten, and it writes a leaf */
#ifdef FORGET_WITHOUT_LEAF
      atomic { row = 0 }
#else
      atomic { row = 0; newest = now }
#endif
    :: now == 0 ->
      MAY_END;                                /* the evidence is appraised */
#ifdef NONCE_OUTSIDE_TRANSACTION
      seen = row;
      if :: seen != 0 -> goto answered :: else fi;
      MAY_END;
      atomic {
        if :: now + 1 < newest -> goto answered :: else fi;
        accepted++; leaves++; row++
      };
#else
      seen = row;                             /* the transaction begins */
      if :: seen != 0 -> goto answered :: else fi;
      MAY_END;
      atomic {                                /* and commits */
#ifndef NO_CAS
        if :: row != seen -> goto answered :: else fi;
#endif
        if :: now + 1 < newest -> goto answered :: else fi;
        accepted++;
#ifdef USE_UP_APART
        leaves++
      };
      MAY_END;
      atomic { row++ };
#else
#ifdef LEAF_APART
        row++
      };
      MAY_END;
      atomic { leaves++ };
#else
        leaves++; row++
      };
#endif
#endif
#endif
      MAY_END;
      tokens++
    fi;
answered:
    atomic { began[me] = 3; now = 0; seen = 0 }
  :: requests == REQUESTS -> break
  od
}

ltl nonce_once { [] (accepted <= 1) }
ltl act_and_leaf { [] (accepted == leaves) }
ltl told_after_leaf { [] (tokens <= leaves) }
#endif

#ifdef POLICY
/* One resource, the results policy that it is released by, and its owner's word about a workload (src/broker/resource.cc,
 * policy_admin.cc, lease.cc). */
#define VERSIONS 6
byte version = 1;                   /* kbs.policy: the version in force */
bool allows = true;                 /* and what it says of the workload */
bool kept[VERSIONS + 1] = true;     /* kbs.policy.version: what each version says */
bool revoked = false;               /* kbs.revocation */
byte changes = 0, change_leaves = 0;
byte releases = 0, release_leaves = 0;
byte keys = 0;                      /* replies that left */
byte over[VERSIONS + 1];            /* changes that were made over a version */
bool denied = false;                /* a release was durable though the policy in force then denied it */
bool after_revocation = false;      /* or though the workload was revoked */

#define IN_FORCE(text) version++; allows = text

active [2] proctype replica() {
  byte seen, attempt;
  bool text, gone;
begin:
  atomic { seen = 0; attempt = 0; text = false; gone = false }
  do
  :: atomic { requests < REQUESTS -> requests++ }
    attempt = 0;
    if
    :: true ->                                     /* GET resource */
again:
      atomic { seen = version; text = allows; gone = revoked };
      MAY_END;                                     /* the policy is asked: Rego may take long */
#ifdef ANSWER_BEFORE_COMMIT
      if :: text && !gone -> keys++ :: else fi;
      MAY_END;
#endif
      atomic {
#ifndef POLICY_NOT_ASKED_AGAIN
        if
        :: version != seen && attempt < 2 -> attempt++; goto again
        :: version != seen && attempt >= 2 -> goto answered
        :: else
        fi;
#endif
#ifndef REVOCATION_OUTSIDE_TRANSACTION
        gone = revoked;
#endif
        if :: !text || gone -> goto answered :: else fi;
        denied = denied || !allows;
        after_revocation = after_revocation || revoked;
#ifdef LEAF_APART
        releases++
      };
      MAY_END;
      atomic { release_leaves++ };
#else
        releases++; release_leaves++
      };
#endif
#ifndef ANSWER_BEFORE_COMMIT
      MAY_END;
      keys++
#endif
    :: version < VERSIONS ->                       /* PUT policy, with If-Match */
      atomic { seen = version; if :: text = true :: text = false fi };
      MAY_END;
      atomic {
#ifdef POLICY_NO_CAS
        if :: version == VERSIONS -> goto answered :: else fi;
#else
        if :: version != seen -> goto answered :: else fi;
#endif
        over[seen]++;
        IN_FORCE(text);
#ifdef POLICY_ROWS_APART
        seen = version
      };
      MAY_END;
      atomic { kept[seen] = text; changes++; change_leaves++ }
#else
        kept[version] = text; changes++; change_leaves++
      }
#endif
    :: version > 1 && version < VERSIONS ->        /* rollback to the first version */
      text = kept[1];
      MAY_END;
      atomic {
        if :: version == VERSIONS -> goto answered :: else fi;
        IN_FORCE(text);
        kept[version] = text; changes++; change_leaves++
      }
    :: !revoked -> atomic { revoked = true; changes++; change_leaves++ }
    :: revoked -> atomic { revoked = false; changes++; change_leaves++ }
    fi;
answered:
    atomic { seen = 0; attempt = 0; text = false; gone = false }
  :: requests == REQUESTS -> break
  od
}

ltl under_policy_in_force { [] !denied }
ltl not_after_revocation { [] !after_revocation }
ltl policy_whole { [] (kept[version] == allows) }
ltl no_lost_change { [] (over[1] <= 1 && over[2] <= 1 && over[3] <= 1 && over[4] <= 1 && over[5] <= 1) }
ltl act_and_leaf { [] (releases == release_leaves && changes == change_leaves) }
ltl told_after_leaf { [] (keys <= release_leaves) }
#endif

#ifdef KEYED
/* One change, asked for again and again under one Idempotency-Key, of either replica (src/server/keyed_store.h). */
byte key = 0;        /* the key's row: 0 none, 1 begun, 2 with the answer */
byte acts = 0;       /* how often the change was made */
byte said_done = 0;  /* answers that said that it was made */

active [2] proctype replica() {
  byte seen;
begin:
  seen = 0;
  do
  :: atomic { requests < REQUESTS -> requests++ }
    seen = key;
    if
    :: seen == 2 -> said_done++
    :: seen == 1 -> skip             /* 409: at work, or its answer was lost */
    :: seen == 0 ->
      MAY_END;
#ifdef KEY_BESIDE_ACT
      atomic { acts++ };
      MAY_END;
      atomic { key = 1 };
#else
      atomic {
#ifndef KEY_NO_CAS
        if :: key != seen -> goto answered :: else fi;
#endif
        acts++; key = 1
      };
#endif
      MAY_END;
      atomic { key = 2 };
      MAY_END;
      said_done++
    fi;
answered:
    seen = 0
  :: requests == REQUESTS -> break
  od
}

ltl made_once { [] (acts <= 1) }
ltl answer_is_true { [] (key == 2 -> acts >= 1) }
ltl said_after_done { [] (said_done == 0 || acts >= 1) }
#endif
