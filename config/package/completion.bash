# bash completion for firstlight, cloud-init and cloud-id
_firstlight() {
  local current=${COMP_WORDS[COMP_CWORD]} words
  case ${COMP_WORDS[0]##*/}:${COMP_WORDS[1]:-} in
  cloud-id:*) words='--json --long --instance-data --help' ;;
  *:boot) words='--events --root' ;;
  *:changes) words='--root --help' ;;
  *:clean) words='--logs --reboot --seed --machine-id --configs --root' ;;
  *:hotplug-hook) words='query enable handle --subsystem --devpath --udevaction' ;;
  *:init) words='--local --file --root' ;;
  *:modules) words='--mode --file --root' ;;
  *:network) words='show diff --json --network-data --kind --output-kind --show-secrets --root' ;;
  *:plan) words='--cloud --user-data --root --help' ;;
  *:query) words='--all --list-keys --format --instance-data --user-data --vendor-data --root' ;;
  *:render) words='--instance-data --root' ;;
  *:schema) words='--config-file --schema-type --annotate --system --docs --root' ;;
  *:single) words='--name --frequency --file --root' ;;
  *:status) words='--wait --long --format --root' ;;
  *:try) words='--cloud --user-data --keep --diff' ;;
  *) words='boot changes clean cloud-id hotplug-hook init modules network plan query schema single status try --version --help --debug' ;;
  esac
  # shellcheck disable=SC2207
  COMPREPLY=($(compgen -f -W "$words" -- "$current"))
}
complete -F _firstlight firstlight cloud-init cloud-id
