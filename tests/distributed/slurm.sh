#!/usr/bin/env bash
# The recipe for Slurm: a controller and two nodes on this machine, one of them killed with -9 in the middle of a part.
#
# Needs root (a node has a PID namespace of its own, so that killing its first process kills all of it, as a power cut would),
# munged, slurmctld and slurmd. Touches nothing outside its temporary folder.
set -euo pipefail
# shellcheck source=tests/distributed/lib.sh
. "$(dirname "$0")/lib.sh"

scratch
started=()
finish() {
  for pid in "${started[@]}"; do kill -9 "$pid" 2>/dev/null || true; done
  sleep 0.2
  rm -rf "$work"
}
trap finish EXIT

run() { # NAME COMMAND...: in the background, until the end
  local name=$1; shift
  "$@" > "$name.log" 2>&1 &
  started+=($!)
  disown
}

mkdir state spool-one spool-two
(umask 077; head -c 128 /dev/urandom > munge.key)
# Ports that nobody else on this machine should have.
cat > slurm.conf <<CONF
ClusterName=recipe
SlurmctldHost=localhost
SlurmctldPort=27000
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$work/munge.sock
ProctrackType=proctrack/pgid
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
MpiDefault=none
SchedulerType=sched/builtin
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
ReturnToService=2
MessageTimeout=2
SlurmdTimeout=3
StateSaveLocation=$work/state
SlurmdSpoolDir=$work/spool-%n
SlurmctldPidFile=$work/slurmctld.pid
SlurmdPidFile=$work/slurmd-%n.pid
NodeName=one NodeHostname=localhost NodeAddr=127.0.0.1 Port=27001 CPUs=1
NodeName=two NodeHostname=localhost NodeAddr=127.0.0.1 Port=27002 CPUs=1
PartitionName=all Nodes=ALL Default=YES State=UP
CONF
export SLURM_CONF=$work/slurm.conf

run munged munged --foreground --force --socket="$work/munge.sock" --key-file="$work/munge.key" \
  --pid-file="$work/munged.pid" --log-file="$work/munge.log" --seed-file="$work/munge.seed"
until_true 20 test -S munge.sock
run slurmctld slurmctld -D
for node in one two; do
  run "$node" unshare --pid --fork --kill-child slurmd -D -N "$node"
done
two=${started[-1]}
both_idle() { [ "$(sinfo -h -N -o %t 2>/dev/null | grep -c '^idle$')" = 2 ]; }
until_true 60 both_idle

block sweep.sbatch > sweep.sbatch
bash -euc "$(block slurm)" > recipe.log 2>&1 &
recipe=$!

alive() { kill -0 "$recipe" 2>/dev/null || { cat recipe.log ./*.log >&2; die "the recipe ended before $1"; }; }

# The part that node two is at, once some of its rows are there and some are not.
in_the_middle() {
  local task n
  alive "the kill"
  task=$(squeue -h -r -t R -o '%N %K' | sed -n 's/^two //p') && [ -n "$task" ] || return 1
  part=part-$task.csv
  n=$(rows "$part")
  [ "$n" -ge 64 ] && [ "$n" -lt 320 ]
}
until_true 120 in_the_middle
kill -9 "$(pgrep -P "$two")"
echo "node two killed at row $(rows "$part") of 320 of $part"

# Slurm finds out by itself, queues the task again, and would wait two minutes before it starts it.
again() {
  alive "the task was queued again"
  id=$(squeue -h -r -t PD -o '%r %A' | sed -n 's/^BeginTime //p') && [ -n "$id" ]
}
until_true 120 again
scontrol update "jobid=$id" StartTime=now

wait "$recipe" || { cat recipe.log ./*.log >&2; die "the recipe failed"; }
resumed=$(cat sweep-*.log | grep -c 'of them from before') || true
[ "$resumed" = 1 ] || { cat sweep-*.log >&2; die "$resumed parts were gone on with, not 1"; }
whole "$(cat sweep.sbatch)"
cmp results.csv whole.csv || die "another result than that of an undisturbed sweep"
echo "results.csv: $(rows results.csv) points, byte for byte those of an undisturbed sweep"
