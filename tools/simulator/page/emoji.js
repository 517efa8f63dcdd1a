// The shortcodes a deploy bot and its team use; an unknown one stays as it was written.
const TABLE = `
white_check_mark ✅|heavy_check_mark ✔️|x ❌|warning ⚠️|no_entry ⛔|no_entry_sign 🚫|octagonal_sign 🛑|rotating_light 🚨
rocket 🚀|package 📦|lock 🔒|unlock 🔓|key 🔑|hourglass ⌛|hourglass_flowing_sand ⏳|stopwatch ⏱️|alarm_clock ⏰|clock1 🕐
large_green_circle 🟢|large_yellow_circle 🟡|large_orange_circle 🟠|red_circle 🔴|large_blue_circle 🔵|large_purple_circle 🟣
white_circle ⚪|black_circle ⚫|large_green_square 🟩|large_blue_square 🟦|large_red_square 🟥|large_yellow_square 🟨
green_heart 💚|blue_heart 💙|heart ❤️|tada 🎉|sparkles ✨|fire 🔥|zap ⚡|boom 💥|bug 🐛|wrench 🔧|hammer 🔨|gear ⚙️
hammer_and_wrench 🛠️|arrow_up ⬆️|arrow_down ⬇️|arrow_left ⬅️|arrow_right ➡️|arrows_counterclockwise 🔄|rewind ⏪|fast_forward ⏩
back 🔙|leftwards_arrow_with_hook ↩️|arrow_right_hook ↪️|double_vertical_bar ⏸️|pause_button ⏸️|arrow_forward ▶️|stop_button ⏹️
eyes 👀|bell 🔔|no_bell 🔕|speech_balloon 💬|memo 📝|clipboard 📋|link 🔗|mag 🔍|bar_chart 📊|chart_with_upwards_trend 📈
chart_with_downwards_trend 📉|thumbsup 👍|+1 👍|thumbsdown 👎|-1 👎|wave 👋|clap 👏|pray 🙏|raised_hand ✋|hand ✋|ok_hand 👌|muscle 💪
robot_face 🤖|baby_chick 🐤|bird 🐦|snowflake ❄️|ice_cube 🧊|sunny ☀️|cloud ☁️|traffic_light 🚦|vertical_traffic_light 🚦
construction 🚧|checkered_flag 🏁|triangular_flag_on_post 🚩|pushpin 📌|round_pushpin 📍|bookmark 🔖|label 🏷️|ship 🚢
bust_in_silhouette 👤|busts_in_silhouette 👥|information_source ℹ️|question ❓|exclamation ❗|bangbang ‼️|100 💯|star ⭐
smile 😄|slightly_smiling_face 🙂|smiley 😃|joy 😂|thinking_face 🤔|sweat_smile 😅|sob 😭|scream 😱|sunglasses 😎|biohazard_sign ☣️
shield 🛡️|floppy_disk 💾|computer 💻|file_folder 📁|calendar 📅|date 📅|spiral_calendar_pad 🗓️|recycle ♻️|repeat 🔁|twisted_rightwards_arrows 🔀`;

export const EMOJI = new Map(
  TABLE.trim()
    .split(/[|\n]/)
    .map((entry) => entry.split(' ')),
);

export function emojiFor(name) {
  return EMOJI.get(name.replace(/::skin-tone-\d$/, ''));
}
